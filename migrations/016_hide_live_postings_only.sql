-- What a person is not to be shown, among what can be found: a job that is posted every
-- week has a hundred postings, and two or three that are live.
CREATE INDEX IF NOT EXISTS canonical_jobs_posting_listed ON canonical_jobs (posting_key, listed_date)
    WHERE posting_key IS NOT NULL;
DROP INDEX IF EXISTS canonical_jobs_posting;

CREATE OR REPLACE FUNCTION hidden_jobs(person bigint, unseen boolean) RETURNS SETOF bigint
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT h.job_id FROM user_job_history h
     WHERE h.user_id = person AND (unseen OR h.feedback = 'not_for_me')
    UNION ALL
    SELECT again.id
      FROM (SELECT DISTINCT shown.posting_key
              FROM user_job_history h JOIN canonical_jobs shown ON shown.id = h.job_id
             WHERE h.user_id = person AND (unseen OR h.feedback = 'not_for_me')) AS jobs
      JOIN canonical_jobs again ON again.posting_key = jobs.posting_key
     WHERE again.listed_date >= oldest_live_date()
$$;

-- Reverse: hidden_jobs and canonical_jobs_posting as in 006, and
--   DROP INDEX canonical_jobs_posting_listed;
