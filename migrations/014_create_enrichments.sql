-- What was inferred from a posting's own words: never in the posting's columns, and read
-- only where those are empty. One row for each job; its due_at is queue, lease, backoff and
-- calendar at once, as in job_embeddings (002).

-- As embedding_revisions: none is given twice.
CREATE SEQUENCE IF NOT EXISTS enrichment_revisions;

CREATE TABLE IF NOT EXISTS job_enrichments (
    job_id           bigint PRIMARY KEY REFERENCES canonical_jobs ON DELETE CASCADE,
    fresh_on         date   NOT NULL,     -- newest first
    required_skills  text[] NOT NULL DEFAULT '{}',
    preferred_skills text[] NOT NULL DEFAULT '{}',
    seniority        text CHECK (seniority IN ('entry', 'mid', 'senior', 'lead', 'executive')),
    job_function     text,
    industry         text,
    work_arrangement text CHECK (work_arrangement IN ('onsite', 'hybrid', 'remote')),
    salary_min       double precision,
    salary_max       double precision,
    salary_currency  text,
    salary_period    text,
    summary          text,
    source           text,                -- rules, or the chat model that read it
    version          text,                -- of whatever read it
    text_hash        bytea,               -- of what was read, the version included
    made_at          timestamptz,         -- NULL: not read yet
    due_at           timestamptz,
    revision         bigint NOT NULL DEFAULT nextval('enrichment_revisions'),
    attempts         int    NOT NULL DEFAULT 0,
    last_error       text
) WITH (fillfactor = 70);

CREATE INDEX IF NOT EXISTS job_enrichments_due
    ON job_enrichments (fresh_on DESC, job_id DESC) WHERE due_at IS NOT NULL;
-- The same text in another posting is not paid for twice.
CREATE INDEX IF NOT EXISTS job_enrichments_text ON job_enrichments (text_hash)
    WHERE made_at IS NOT NULL;

-- All of a statement at once, as list_new_jobs does: an import must not feel it.
CREATE OR REPLACE FUNCTION enrich_new_jobs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO job_enrichments (job_id, fresh_on, due_at)
    SELECT id, listed_date, now() FROM new_jobs
     WHERE job_is_live(status, title, listed_date)
    ON CONFLICT (job_id) DO NOTHING;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION enrich_changed_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE job_enrichments
       SET due_at = now(), revision = nextval('enrichment_revisions'), attempts = 0, last_error = NULL
     WHERE job_id = NEW.id;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER job_to_enrich
    AFTER INSERT ON canonical_jobs REFERENCING NEW TABLE AS new_jobs
    FOR EACH STATEMENT EXECUTE FUNCTION enrich_new_jobs();

-- The columns that enrichment/posting_text.py reads, and no others.
CREATE OR REPLACE TRIGGER job_to_enrich_changed
    AFTER UPDATE OF title, company, location, country, description ON canonical_jobs
    FOR EACH ROW
    WHEN ((OLD.title, OLD.company, OLD.location, OLD.country, OLD.description)
          IS DISTINCT FROM (NEW.title, NEW.company, NEW.location, NEW.country, NEW.description))
    EXECUTE FUNCTION enrich_changed_job();

-- Whether the values of a vector never fall, or never rise: zeros, a constant, a sequence
-- such as 0.414, 0.415, 0.416. A model's vector turns within a few values.
CREATE OR REPLACE FUNCTION is_monotone(numbers real[]) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    rises boolean := true;
    falls boolean := true;
    before real;
    number real;
BEGIN
    FOREACH number IN ARRAY numbers LOOP
        rises := rises AND (before IS NULL OR number >= before);
        falls := falls AND (before IS NULL OR number <= before);
        IF NOT rises AND NOT falls THEN
            RETURN false;
        END IF;
        before := number;
    END LOOP;
    RETURN true;
END $$;

-- No model made this vector. Its first values tell nearly always.
CREATE OR REPLACE FUNCTION is_placeholder(embedding halfvec, dimensions int) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN vector_dims(embedding) <> dimensions THEN true
                WHEN NOT is_monotone(subvector(embedding, 1, least(dimensions, 16))::real[]) THEN false
                ELSE is_monotone(embedding::real[]) END
$$;

-- Reverse:
--   DROP FUNCTION is_placeholder(halfvec, int), is_monotone(real[]);
--   DROP FUNCTION enrich_new_jobs, enrich_changed_job CASCADE;
--   DROP TABLE job_enrichments; DROP SEQUENCE enrichment_revisions;
