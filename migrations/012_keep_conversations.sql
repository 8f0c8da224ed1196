-- Where each conversation is, so that any process can go on with it, and who wants to be
-- told of new jobs, how often, and by what consent.

-- state: what her next words answer. data: the rest that the conversation must remember;
-- the code that reads it takes what is missing for unsaid. revision: whoever writes must
-- have read the row as it is. needs_person_at: she asked for a person and nobody has
-- answered yet; an operator who has sets it to NULL.
CREATE TABLE IF NOT EXISTS conversations (
    user_id         bigint PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    state           text   NOT NULL,
    data            jsonb  NOT NULL DEFAULT '{}',
    needs_person_at timestamptz,
    revision        bigint NOT NULL DEFAULT 1,
    updated_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS conversations_needing_person ON conversations (needs_person_at)
    WHERE needs_person_at IS NOT NULL;

-- consent_*: to messages that we begin (templates): when, to which words, and where she
-- said so. NULL when she never did, or took it back. quiet_*: between these times of day
-- in her zone nothing is begun.
CREATE TABLE IF NOT EXISTS alert_settings (
    user_id        bigint PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    cadence        text NOT NULL DEFAULT 'off' CHECK (cadence IN ('daily', 'instant', 'off')),
    paused_until   timestamptz,
    consent_at     timestamptz,
    consent_text   text,
    consent_source text,
    quiet_from     time NOT NULL DEFAULT '21:00',
    quiet_to       time NOT NULL DEFAULT '07:00',
    zone           text NOT NULL DEFAULT 'Africa/Lagos',
    last_alert_at  timestamptz,
    CHECK (cadence = 'off' OR consent_at IS NOT NULL)
);

-- Reverse:
--   DROP TABLE alert_settings, conversations;
