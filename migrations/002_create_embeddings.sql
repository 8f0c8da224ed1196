-- One row for each thing to embed and model. Its due_at is queue, lease, backoff and
-- calendar at once:
--   due_at <= now()   to be worked on
--   due_at >  now()   leased to a worker, or put off until then
--   due_at IS NULL    nothing to do
-- The vector itself is in a table beside it, for the sake of the vector index: every
-- change of an indexed column writes the row anew in all the indexes of its table, and
-- in an HNSW index that costs forty times the write (docs/decisions.md).

CREATE TABLE IF NOT EXISTS embedding_models (
    name       text PRIMARY KEY,
    api_model  text NOT NULL,             -- what the provider calls it
    base_url   text,                      -- where; NULL is the local model
    dimensions int  NOT NULL CHECK (dimensions BETWEEN 1 AND 3900),
    template   text NOT NULL,             -- the version of the text that it embeds
    state      text NOT NULL CHECK (state IN ('live', 'filling')),
    created_at timestamptz NOT NULL DEFAULT now()
);
-- Vectors of two models are never compared: one model answers at a time.
CREATE UNIQUE INDEX IF NOT EXISTS embedding_models_one_live ON embedding_models (state)
    WHERE state = 'live';

-- A revision is never given twice: a row that is deleted and made anew during a call to
-- the provider must not be taken for the one that was claimed.
CREATE SEQUENCE IF NOT EXISTS embedding_revisions;

CREATE TABLE IF NOT EXISTS job_embeddings (
    job_id      bigint NOT NULL REFERENCES canonical_jobs ON DELETE CASCADE,
    model       text   NOT NULL REFERENCES embedding_models ON DELETE CASCADE,
    fresh_on    date   NOT NULL,          -- newest first
    text_hash   bytea,                    -- of the text last looked at, template included
    embedded_at timestamptz,              -- when the vector was made; NULL: there is none
    checked_at  timestamptz,              -- when the text was last held against it
    due_at      timestamptz,
    revision    bigint NOT NULL DEFAULT nextval('embedding_revisions'),
    attempts    int    NOT NULL DEFAULT 0,
    last_error  text,
    PRIMARY KEY (job_id, model)
) WITH (fillfactor = 70);

CREATE TABLE IF NOT EXISTS job_vectors (
    job_id    bigint NOT NULL,
    model     text   NOT NULL,
    embedding halfvec NOT NULL,
    PRIMARY KEY (job_id, model),
    FOREIGN KEY (job_id, model) REFERENCES job_embeddings ON DELETE CASCADE
);
-- Inline, or every comparison would fetch from the TOAST table.
ALTER TABLE job_vectors ALTER COLUMN embedding SET STORAGE PLAIN;

CREATE TABLE IF NOT EXISTS user_embeddings (
    user_id     bigint NOT NULL REFERENCES user_preferences ON DELETE CASCADE,
    model       text   NOT NULL REFERENCES embedding_models ON DELETE CASCADE,
    fresh_on    date   NOT NULL,
    text_hash   bytea,
    embedded_at timestamptz,
    checked_at  timestamptz,
    due_at      timestamptz,
    revision    bigint NOT NULL DEFAULT nextval('embedding_revisions'),
    attempts    int    NOT NULL DEFAULT 0,
    last_error  text,
    PRIMARY KEY (user_id, model)
) WITH (fillfactor = 70);

CREATE TABLE IF NOT EXISTS user_vectors (
    user_id   bigint NOT NULL,
    model     text   NOT NULL,
    embedding halfvec NOT NULL,
    PRIMARY KEY (user_id, model),
    FOREIGN KEY (user_id, model) REFERENCES user_embeddings ON DELETE CASCADE
);
ALTER TABLE user_vectors ALTER COLUMN embedding SET STORAGE PLAIN;

CREATE INDEX IF NOT EXISTS job_embeddings_due
    ON job_embeddings (model, fresh_on DESC, job_id DESC) WHERE due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS user_embeddings_due
    ON user_embeddings (model, fresh_on DESC, user_id DESC) WHERE due_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS embedding_usage (
    day      date NOT NULL,
    model    text NOT NULL,
    purpose  text NOT NULL,               -- save, schedule, probe
    requests bigint NOT NULL,
    texts    bigint NOT NULL,
    tokens   bigint NOT NULL,
    PRIMARY KEY (day, model, purpose)
);

CREATE TABLE IF NOT EXISTS task_runs (
    task        text PRIMARY KEY,
    started_at  timestamptz NOT NULL,
    finished_at timestamptz,
    ok_at       timestamptz,              -- the last time it ended well
    last_error  text
);

-- Reverse:
--   DROP TABLE task_runs, embedding_usage, user_vectors, user_embeddings,
--       job_vectors, job_embeddings, embedding_models;
--   DROP SEQUENCE embedding_revisions;
