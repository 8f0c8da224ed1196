-- Long work that was asked for over HTTP: any process can be asked how far it is. One at a
-- time of each kind. Its process says every few seconds that it lives (held_until); one
-- that died leaves none running for ever: whoever looks next finds it lost. The rows that it
-- had in hand are leased, as the daemon's are, and come back by themselves.

CREATE TABLE IF NOT EXISTS admin_jobs (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    thing       text    NOT NULL CHECK (thing IN ('job', 'user')),
    force       boolean NOT NULL,
    row_limit   int     NOT NULL CHECK (row_limit > 0),
    state       text    NOT NULL DEFAULT 'running'
                CHECK (state IN ('running', 'done', 'failed', 'stopped', 'lost')),
    successful  int     NOT NULL DEFAULT 0,
    failed      int     NOT NULL DEFAULT 0,
    skipped     int     NOT NULL DEFAULT 0,
    put_off     int     NOT NULL DEFAULT 0, -- the provider could not be had; still due
    tokens      bigint  NOT NULL DEFAULT 0,
    dollars     double precision NOT NULL DEFAULT 0,
    errors      text[]  NOT NULL DEFAULT '{}', -- of rows
    message     text,                       -- why it ended early
    created_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    held_until  timestamptz NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS admin_jobs_one_running ON admin_jobs (thing)
    WHERE state = 'running';

-- Reverse:
--   DROP TABLE admin_jobs;
