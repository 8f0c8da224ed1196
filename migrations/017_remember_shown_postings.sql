-- What a person was shown is remembered as a posting's key too, and the rows that can be
-- found have theirs: which other postings of it are hidden is found among the live jobs,
-- without reading a single posting.
ALTER TABLE user_job_history ADD COLUMN IF NOT EXISTS posting_key uuid;
ALTER TABLE live_jobs ADD COLUMN IF NOT EXISTS posting_key uuid;

-- Whoever writes: a trigger, not a column of listable_jobs, which 007 may make anew.
CREATE OR REPLACE FUNCTION take_posting_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.posting_key := (SELECT posting_key FROM canonical_jobs WHERE id = NEW.job_id);
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER shown_posting_key
    BEFORE INSERT ON user_job_history
    FOR EACH ROW EXECUTE FUNCTION take_posting_key();
CREATE OR REPLACE TRIGGER live_posting_key
    BEFORE INSERT ON live_jobs
    FOR EACH ROW EXECUTE FUNCTION take_posting_key();

-- The columns that make a key; job_listing_changed watches the others.
CREATE OR REPLACE TRIGGER job_posting_changed
    AFTER UPDATE OF company, description ON canonical_jobs
    FOR EACH ROW
    WHEN (OLD.posting_key IS DISTINCT FROM NEW.posting_key)
    EXECUTE FUNCTION list_changed_job();

UPDATE user_job_history h SET posting_key = j.posting_key
  FROM canonical_jobs j
 WHERE j.id = h.job_id AND j.posting_key IS NOT NULL AND h.posting_key IS NULL;
UPDATE live_jobs l SET posting_key = j.posting_key
  FROM canonical_jobs j
 WHERE j.id = l.job_id AND l.posting_key IS DISTINCT FROM j.posting_key;

CREATE INDEX IF NOT EXISTS user_job_history_posting ON user_job_history (posting_key, user_id)
    WHERE posting_key IS NOT NULL;
CREATE INDEX IF NOT EXISTS live_jobs_posting ON live_jobs (posting_key) INCLUDE (job_id)
    WHERE posting_key IS NOT NULL;
DROP INDEX IF EXISTS canonical_jobs_posting_listed;

CREATE OR REPLACE FUNCTION hidden_jobs(person bigint, unseen boolean) RETURNS SETOF bigint
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT h.job_id FROM user_job_history h
     WHERE h.user_id = person AND (unseen OR h.feedback = 'not_for_me')
    UNION ALL
    SELECT again.job_id
      FROM (SELECT DISTINCT h.posting_key
              FROM user_job_history h
             WHERE h.user_id = person AND (unseen OR h.feedback = 'not_for_me')) AS shown
      JOIN live_jobs again USING (posting_key)
$$;

-- Reverse: hidden_jobs and canonical_jobs_posting_listed as in 016, and
--   DROP INDEX live_jobs_posting, user_job_history_posting;
--   DROP TRIGGER job_posting_changed ON canonical_jobs;
--   DROP FUNCTION take_posting_key CASCADE;
--   ALTER TABLE live_jobs DROP COLUMN posting_key;
--   ALTER TABLE user_job_history DROP COLUMN posting_key;
