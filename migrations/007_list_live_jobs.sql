-- What searches read: one narrow row for each job that can be found, kept by a trigger.
-- Most stored jobs are old; an index over all of them would be ten times as large, and
-- most of what it finds would have to be thrown away (docs/decisions.md). What decides
-- coarsely is here; the exact rules are in matching/, over the few that are left.

-- Lower case, without punctuation: what is one word to a reader is one word here. The
-- parser alone takes "HSE/Safety" for a file and "Node.js" for a host.
CREATE OR REPLACE FUNCTION plain_words(said text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT regexp_replace(lower(said), '[ !-/:-@[-`{-~–—•’“”₦]+', ' ', 'g') $$;

-- Names that are told apart by their punctuation are spelled out, on both sides of a
-- search: "C#" and "C++" are not "C", ".NET" is not the net.
CREATE OR REPLACE FUNCTION spell_out(said text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT plain_words(CASE WHEN said !~ '[.+#]' THEN said ELSE
            regexp_replace(regexp_replace(regexp_replace(regexp_replace(said,
                '\.net\M', ' dotnet ', 'gi'), '\.js\M', 'js', 'gi'),
                '(\w)\+\+', '\1plusplus', 'g'), '(\w)#', '\1sharp', 'g') END) $$;

-- Every word counts: among the stop words of 'english' is the IT of "IT officer".
DROP TEXT SEARCH CONFIGURATION IF EXISTS job_words;
DROP TEXT SEARCH DICTIONARY IF EXISTS job_stems;
CREATE TEXT SEARCH DICTIONARY job_stems (TEMPLATE = snowball, LANGUAGE = english);
CREATE TEXT SEARCH CONFIGURATION job_words (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION job_words ALTER MAPPING FOR asciiword, word WITH job_stems;

-- Positions are left out: nothing asks for them, and the rows stay small.
CREATE OR REPLACE FUNCTION words_vector(said text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT strip(to_tsvector('job_words', spell_out(said))) $$;

-- Any of the phrases, each with all its words; NULL, which finds nothing, when they say
-- nothing.
CREATE OR REPLACE FUNCTION words_query(phrases text[]) RETURNS tsquery
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT string_agg('(' || query::text || ')', ' | ')::tsquery
            FROM (SELECT plainto_tsquery('job_words', spell_out(phrase)) AS query
                    FROM unnest(phrases) AS phrase) AS each
           WHERE numnode(query) > 0 $$;

-- What someone else wrote into a number's column may be no number to reckon with.
CREATE OR REPLACE FUNCTION usable(number double precision) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT CASE WHEN number >= 0 AND number < 'infinity' THEN number END $$;

CREATE TABLE IF NOT EXISTS live_jobs (
    job_id        bigint PRIMARY KEY REFERENCES canonical_jobs ON DELETE CASCADE,
    listed_date   date     NOT NULL,
    title_words   tsvector NOT NULL,
    words         tsvector NOT NULL,      -- of the title too
    place         tsvector NOT NULL,
    country       text     NOT NULL,      -- as written, in plain words; '' when unsaid
    may_be_remote boolean  NOT NULL,
    employment    text     NOT NULL,      -- letters only: fulltime; '' when unsaid
    pay           double precision,       -- the top of the range, as written
    pay_kind      text     NOT NULL,      -- NGN monthly
    years         double precision,       -- of experience, asked at least
    level         text     NOT NULL
);

-- The row of each job that can be found. left(): a tsvector may not pass 1 MB, and no row
-- is refused for being long.
CREATE OR REPLACE VIEW listable_jobs AS
    SELECT j.id AS job_id, j.listed_date,
           words_vector(t.title) AS title_words,
           words_vector(concat_ws(' ', t.title, left(join_words(j.skills), 10000),
                                  left(join_words(j.ai_required_skills), 10000),
                                  left(j.category, 500), left(j.ai_job_function, 500))) AS words,
           strip(to_tsvector('simple', plain_words(concat_ws(
               ' ', left(j.location, 500), left(j.ai_city, 100), left(j.ai_state, 100),
               left(j.country, 100), left(j.ai_country, 100))))) AS place,
           btrim(plain_words(coalesce(left(j.country, 100), ''))) AS country,
           coalesce(j.ai_remote_allowed, false)
               OR concat_ws(' ', j.work_arrangement, j.location, j.ai_work_arrangement)
                  ~* 'remote|hybrid|from home|wfh' AS may_be_remote,
           regexp_replace(lower(coalesce(left(j.employment_type, 100), '')), '[^a-z]', '', 'g') AS employment,
           coalesce(p.said, p.inferred) AS pay,
           CASE WHEN p.said IS NULL THEN concat_ws(' ', nullif(btrim(j.ai_salary_currency), ''),
                                                   nullif(btrim(j.ai_salary_period), ''))
                ELSE concat_ws(' ',
                    coalesce(nullif(btrim(j.salary_currency), ''), nullif(btrim(j.ai_salary_currency), '')),
                    coalesce(nullif(btrim(j.salary_period), ''), nullif(btrim(j.ai_salary_period), '')))
                END AS pay_kind,
           CASE WHEN coalesce(y.low, usable(j.years_max), usable(j.ai_years_experience_max)) IS NOT NULL
                THEN coalesce(y.low, 0) END AS years,
           lower(btrim(coalesce(left(j.experience_level, 100), ''))) AS level
      FROM canonical_jobs j
     CROSS JOIN LATERAL (
        SELECT concat_ws(' ', left(j.title, 1000), left(join_words(j.ai_job_titles), 5000)) AS title) AS t
     CROSS JOIN LATERAL (
        SELECT greatest(nullif(usable(j.salary_min), 0), nullif(usable(j.salary_max), 0)) AS said,
               greatest(nullif(usable(j.ai_salary_min), 0), nullif(usable(j.ai_salary_max), 0)) AS inferred) AS p
     CROSS JOIN LATERAL (SELECT coalesce(usable(j.years_min), usable(j.ai_years_experience_min)) AS low) AS y
     WHERE job_is_live(j.status, j.title, j.listed_date);

-- All of a statement at once: one by one, the set-up costs more than the words.
CREATE OR REPLACE FUNCTION list_new_jobs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO live_jobs
    SELECT * FROM listable_jobs WHERE job_id = ANY (ARRAY(SELECT id FROM new_jobs))
    ON CONFLICT (job_id) DO NOTHING;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION list_changed_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM live_jobs WHERE job_id = NEW.id;
    INSERT INTO live_jobs SELECT * FROM listable_jobs WHERE job_id = NEW.id
    ON CONFLICT (job_id) DO NOTHING;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER job_listed
    AFTER INSERT ON canonical_jobs REFERENCING NEW TABLE AS new_jobs
    FOR EACH STATEMENT EXECUTE FUNCTION list_new_jobs();

-- The columns that listable_jobs reads, and no others.
CREATE OR REPLACE TRIGGER job_listing_changed
    AFTER UPDATE OF
        status, posted_date, first_seen_date, title, location, country, skills, category,
        salary_min, salary_max, salary_currency, salary_period, employment_type,
        work_arrangement, experience_level, years_min, years_max,
        ai_job_titles, ai_job_function, ai_city, ai_state, ai_country, ai_work_arrangement,
        ai_remote_allowed, ai_required_skills, ai_years_experience_min, ai_years_experience_max,
        ai_salary_min, ai_salary_max, ai_salary_currency, ai_salary_period
    ON canonical_jobs
    FOR EACH ROW
    WHEN ((OLD.status, OLD.listed_date, OLD.title, OLD.location, OLD.country, OLD.skills, OLD.category,
           OLD.salary_min, OLD.salary_max, OLD.salary_currency, OLD.salary_period, OLD.employment_type,
           OLD.work_arrangement, OLD.experience_level, OLD.years_min, OLD.years_max,
           OLD.ai_job_titles, OLD.ai_job_function, OLD.ai_city, OLD.ai_state, OLD.ai_country,
           OLD.ai_work_arrangement, OLD.ai_remote_allowed, OLD.ai_required_skills,
           OLD.ai_years_experience_min, OLD.ai_years_experience_max,
           OLD.ai_salary_min, OLD.ai_salary_max, OLD.ai_salary_currency, OLD.ai_salary_period)
          IS DISTINCT FROM
          (NEW.status, NEW.listed_date, NEW.title, NEW.location, NEW.country, NEW.skills, NEW.category,
           NEW.salary_min, NEW.salary_max, NEW.salary_currency, NEW.salary_period, NEW.employment_type,
           NEW.work_arrangement, NEW.experience_level, NEW.years_min, NEW.years_max,
           NEW.ai_job_titles, NEW.ai_job_function, NEW.ai_city, NEW.ai_state, NEW.ai_country,
           NEW.ai_work_arrangement, NEW.ai_remote_allowed, NEW.ai_required_skills,
           NEW.ai_years_experience_min, NEW.ai_years_experience_max,
           NEW.ai_salary_min, NEW.ai_salary_max, NEW.ai_salary_currency, NEW.ai_salary_period))
    EXECUTE FUNCTION list_changed_job();

INSERT INTO live_jobs SELECT * FROM listable_jobs
ON CONFLICT (job_id) DO NOTHING;

-- Rows that wait to be indexed are read by every search: few of them.
CREATE INDEX IF NOT EXISTS live_jobs_title_words ON live_jobs USING gin (title_words)
    WITH (gin_pending_list_limit = 256);
CREATE INDEX IF NOT EXISTS live_jobs_words ON live_jobs USING gin (words)
    WITH (gin_pending_list_limit = 256);
CREATE INDEX IF NOT EXISTS live_jobs_place ON live_jobs USING gin (place)
    WITH (gin_pending_list_limit = 256);
CREATE INDEX IF NOT EXISTS live_jobs_listed ON live_jobs (listed_date DESC, job_id DESC);
CREATE INDEX IF NOT EXISTS live_jobs_country ON live_jobs (country);
CREATE INDEX IF NOT EXISTS live_jobs_employment ON live_jobs (employment);
CREATE INDEX IF NOT EXISTS live_jobs_remote ON live_jobs (job_id) WHERE may_be_remote;
ANALYZE live_jobs;

-- Nothing searches all stored jobs any more. An empty column stays, for 001 names it and
-- may run again; dropping and adding rewrites nothing.
DROP INDEX IF EXISTS canonical_jobs_words;
ALTER TABLE canonical_jobs DROP COLUMN IF EXISTS words, ADD COLUMN words tsvector;

-- What a job must fulfil, of what she wishes: none unless she says so.
ALTER TABLE user_preferences ADD COLUMN IF NOT EXISTS musts text[] NOT NULL DEFAULT '{}'
    CHECK (musts <@ ARRAY['location', 'work_arrangement', 'employment_type', 'experience', 'salary']);

-- Reverse:
--   ALTER TABLE user_preferences DROP COLUMN musts;
--   DROP FUNCTION list_new_jobs, list_changed_job CASCADE;
--   DROP VIEW listable_jobs; DROP TABLE live_jobs;
--   DROP FUNCTION usable, words_query, words_vector, spell_out, plain_words;
--   DROP TEXT SEARCH CONFIGURATION job_words; DROP TEXT SEARCH DICTIONARY job_stems;
--   and canonical_jobs.words, generated, with its index, as in 001.
