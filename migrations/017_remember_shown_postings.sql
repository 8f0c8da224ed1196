-- What a person was shown is remembered as a posting's key too, so that its other postings
-- are found without reading the posting that she saw.
ALTER TABLE user_job_history ADD COLUMN IF NOT EXISTS posting_key uuid;

CREATE OR REPLACE FUNCTION remember_posting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.posting_key := (SELECT posting_key FROM canonical_jobs WHERE id = NEW.job_id);
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER posting_remembered
    BEFORE INSERT ON user_job_history
    FOR EACH ROW EXECUTE FUNCTION remember_posting();

UPDATE user_job_history h SET posting_key = j.posting_key
  FROM canonical_jobs j
 WHERE j.id = h.job_id AND j.posting_key IS NOT NULL AND h.posting_key IS NULL;

CREATE INDEX IF NOT EXISTS user_job_history_posting ON user_job_history (posting_key, user_id)
    WHERE posting_key IS NOT NULL;
CREATE INDEX IF NOT EXISTS canonical_jobs_postings ON canonical_jobs (posting_key, listed_date) INCLUDE (id)
    WHERE posting_key IS NOT NULL;
DROP INDEX IF EXISTS canonical_jobs_posting_listed;

CREATE OR REPLACE FUNCTION hidden_jobs(person bigint, unseen boolean) RETURNS SETOF bigint
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT h.job_id FROM user_job_history h
     WHERE h.user_id = person AND (unseen OR h.feedback = 'not_for_me')
    UNION ALL
    SELECT again.id
      FROM (SELECT DISTINCT h.posting_key
              FROM user_job_history h
             WHERE h.user_id = person AND (unseen OR h.feedback = 'not_for_me')) AS shown
      JOIN canonical_jobs again USING (posting_key)
     WHERE again.listed_date >= oldest_live_date()
$$;

-- Reverse: hidden_jobs and canonical_jobs_posting_listed as in 016, and
--   DROP INDEX canonical_jobs_postings, user_job_history_posting;
--   DROP TRIGGER posting_remembered ON user_job_history; DROP FUNCTION remember_posting;
--   ALTER TABLE user_job_history DROP COLUMN posting_key;
