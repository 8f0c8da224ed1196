-- What workers on any number of hosts share: how fast a provider may be called, whether
-- it is to be left alone, what was spent, and vectors that are already paid for.

-- One row for each model. NULL: not known.
CREATE TABLE IF NOT EXISTS embedding_pace (
    model            text PRIMARY KEY REFERENCES embedding_models ON DELETE CASCADE,
    -- The provider's windows, as it last told, less what was sent since.
    requests_limit   double precision,
    requests_left    double precision,
    requests_renewed timestamptz,         -- when that window starts anew
    tokens_limit     double precision,
    tokens_left      double precision,
    tokens_renewed   timestamptz,
    -- The circuit breaker.
    failures         int NOT NULL DEFAULT 0, -- in a row; 0: it is closed, all may call
    open_until       timestamptz,            -- nobody calls until then
    probed_until     timestamptz,            -- one worker finds out; the others wait for it
    reason           text CHECK (reason IN ('limited', 'down', 'denied', 'budget')),
    message          text,
    failing_since    timestamptz
);

-- May this worker send a request of so many tokens now? 0: yes, and it is counted;
-- otherwise how many seconds to wait. failures is for whoever reports how it went.
CREATE OR REPLACE FUNCTION reserve_request(
    of_model text, tokens double precision, probe_seconds double precision,
    OUT wait_seconds double precision, OUT failures int
) LANGUAGE plpgsql AS $$
DECLARE
    pace embedding_pace;
    moment timestamptz;
BEGIN
    INSERT INTO embedding_pace (model) VALUES (of_model) ON CONFLICT DO NOTHING;
    SELECT * INTO pace FROM embedding_pace WHERE model = of_model FOR UPDATE;
    moment := clock_timestamp();
    failures := pace.failures;
    wait_seconds := 0;
    IF pace.open_until > moment THEN
        wait_seconds := extract(epoch FROM pace.open_until - moment);
        RETURN;
    END IF;
    IF pace.failures > 0 THEN
        -- Half open.
        IF pace.probed_until > moment THEN
            wait_seconds := 0.2;
        ELSE
            UPDATE embedding_pace
               SET probed_until = moment + make_interval(secs => probe_seconds)
             WHERE model = of_model;
        END IF;
        RETURN;
    END IF;
    IF pace.requests_renewed <= moment THEN
        pace.requests_left := pace.requests_limit;
        pace.requests_renewed := NULL;
    END IF;
    IF pace.tokens_renewed <= moment THEN
        pace.tokens_left := pace.tokens_limit;
        pace.tokens_renewed := NULL;
    END IF;
    IF pace.requests_left < 1 THEN
        wait_seconds := extract(epoch FROM pace.requests_renewed - moment);
    END IF;
    -- More than a whole window: it must go through some time.
    IF pace.tokens_left < least(tokens, pace.tokens_limit) THEN
        wait_seconds := greatest(wait_seconds, extract(epoch FROM pace.tokens_renewed - moment));
    END IF;
    wait_seconds := coalesce(wait_seconds, 0);
    IF wait_seconds = 0 THEN
        pace.requests_left := pace.requests_left - 1;
        pace.tokens_left := pace.tokens_left - tokens;
    END IF;
    UPDATE embedding_pace
       SET requests_left = pace.requests_left, requests_renewed = pace.requests_renewed,
           tokens_left = pace.tokens_left, tokens_renewed = pace.tokens_renewed
     WHERE model = of_model;
END $$;

ALTER TABLE embedding_usage ADD COLUMN IF NOT EXISTS dollars double precision NOT NULL DEFAULT 0;

-- Adds what a request may cost at most, unless the day's spending would pass the budget.
-- One worker at a time decides: two that each fit need not fit together.
CREATE OR REPLACE FUNCTION reserve_money(
    of_model text, for_purpose text, cost double precision, daily_budget double precision
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    spent double precision;
BEGIN
    PERFORM pg_advisory_xact_lock(4816003);
    SELECT coalesce(sum(dollars), 0) INTO spent FROM embedding_usage WHERE day = CURRENT_DATE;
    IF spent + cost > daily_budget THEN
        RETURN false;
    END IF;
    INSERT INTO embedding_usage AS u (day, model, purpose, requests, texts, tokens, dollars)
    VALUES (CURRENT_DATE, of_model, for_purpose, 0, 0, 0, cost)
    ON CONFLICT (day, model, purpose) DO UPDATE SET dollars = u.dollars + EXCLUDED.dollars;
    RETURN true;
END $$;

-- Vectors that no row needs any more, by the text's hash: a text that comes back (an
-- undo, a posting that is listed again) is not paid for twice. What rows do have is found
-- in job_vectors and user_vectors themselves.
CREATE TABLE IF NOT EXISTS embedding_cache (
    model     text  NOT NULL REFERENCES embedding_models ON DELETE CASCADE,
    text_hash bytea NOT NULL,
    embedding halfvec NOT NULL,
    kept_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (model, text_hash)
);
ALTER TABLE embedding_cache ALTER COLUMN embedding SET STORAGE PLAIN;
CREATE INDEX IF NOT EXISTS embedding_cache_kept ON embedding_cache (kept_at);

CREATE INDEX IF NOT EXISTS job_embeddings_text ON job_embeddings (text_hash, model)
    WHERE embedded_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS user_embeddings_text ON user_embeddings (text_hash, model)
    WHERE embedded_at IS NOT NULL;

CREATE OR REPLACE FUNCTION keep_job_vector() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO embedding_cache (model, text_hash, embedding)
    SELECT OLD.model, OLD.text_hash, v.embedding
      FROM job_vectors v
     WHERE v.job_id = OLD.job_id AND v.model = OLD.model AND OLD.text_hash IS NOT NULL
       -- A model that is being dropped takes everything with it.
       AND EXISTS (SELECT FROM embedding_models m WHERE m.name = OLD.model)
    ON CONFLICT (model, text_hash) DO UPDATE SET kept_at = now();
    RETURN OLD;
END $$;

CREATE OR REPLACE TRIGGER keep_job_vector
    BEFORE DELETE ON job_embeddings
    FOR EACH ROW WHEN (OLD.embedded_at IS NOT NULL)
    EXECUTE FUNCTION keep_job_vector();

-- A person's vector is hers: it is not kept when she goes.

-- Reverse:
--   DROP TRIGGER keep_job_vector ON job_embeddings; DROP FUNCTION keep_job_vector;
--   DROP INDEX job_embeddings_text, user_embeddings_text;
--   ALTER TABLE embedding_usage DROP COLUMN dollars;
--   DROP FUNCTION reserve_request, reserve_money;
--   DROP TABLE embedding_cache, embedding_pace;
