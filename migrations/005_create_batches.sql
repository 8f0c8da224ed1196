-- What is with a provider's Batch API: half the price, within a day. A row that waits for
-- a batch is leased until after the batch's day; its due_at stays the only queue.

CREATE TABLE IF NOT EXISTS embedding_batches (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- What the provider is told, to find a batch whose id we never learned. Not our id:
    -- a staging database at the same account counts from 1 as well.
    token        uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
    model        text NOT NULL REFERENCES embedding_models ON DELETE CASCADE,
    provider_id  text,                     -- NULL: not created there, as far as we know
    state        text NOT NULL DEFAULT 'preparing'
                 CHECK (state IN ('preparing', 'submitted', 'done', 'failed')),
    rows         bigint NOT NULL DEFAULT 0,
    texts        bigint NOT NULL DEFAULT 0, -- different ones: what is sent
    reserved     double precision NOT NULL DEFAULT 0, -- dollars, of the day's budget
    reserved_on  date,
    tokens       bigint,                   -- as billed
    dollars      double precision,
    held_until   timestamptz NOT NULL,     -- a process works on it; then another may
    created_at   timestamptz NOT NULL DEFAULT now(),
    submitted_at timestamptz,
    finished_at  timestamptz,
    last_error   text
);
CREATE INDEX IF NOT EXISTS embedding_batches_open ON embedding_batches (model, state)
    WHERE state IN ('preparing', 'submitted');

-- A row leaves as it is stored or set aside: what is left when a batch ends goes back.
CREATE TABLE IF NOT EXISTS embedding_batch_rows (
    batch_id  bigint NOT NULL REFERENCES embedding_batches ON DELETE CASCADE,
    thing     text   NOT NULL CHECK (thing IN ('job', 'user')),
    thing_id  bigint NOT NULL,
    revision  bigint NOT NULL,
    text_hash bytea  NOT NULL,
    PRIMARY KEY (batch_id, thing, thing_id)
);
CREATE INDEX IF NOT EXISTS embedding_batch_rows_text
    ON embedding_batch_rows (text_hash, batch_id);

-- Reverse:
--   DROP TABLE embedding_batch_rows, embedding_batches;
