-- The rows that people and feeds write. Vectors live elsewhere (002): a job that is
-- touched must never touch a vector index.

CREATE EXTENSION IF NOT EXISTS vector;

CREATE TABLE IF NOT EXISTS users (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    external_id text UNIQUE,               -- the id in the file or channel she came from
    name        text,
    language    text NOT NULL DEFAULT 'en',
    created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS user_preferences (
    user_id                 bigint PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    job_roles               text[] NOT NULL DEFAULT '{}',
    job_categories          text[] NOT NULL DEFAULT '{}',
    user_job_input          text,          -- her own words
    experience_level        text,
    years_of_experience     real,
    technical_skills        text[] NOT NULL DEFAULT '{}',
    soft_skills             text[] NOT NULL DEFAULT '{}',
    preferred_locations     text[] NOT NULL DEFAULT '{}',
    user_location_input     text,
    willing_to_relocate     boolean,
    work_arrangements       text[] NOT NULL DEFAULT '{}',
    employment_types        text[] NOT NULL DEFAULT '{}',
    salary_min              double precision,
    salary_max              double precision,
    salary_currency         text,
    salary_period           text,
    company_size_preference text[] NOT NULL DEFAULT '{}',
    industry_preferences    text[] NOT NULL DEFAULT '{}',
    updated_at              timestamptz NOT NULL DEFAULT now()
);

-- array_to_string is only STABLE, which a generated column may not call; for text[]
-- its result depends on nothing but the array.
CREATE OR REPLACE FUNCTION join_words(words text[]) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT array_to_string(words, ' ') $$;

CREATE TABLE IF NOT EXISTS canonical_jobs (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source            text NOT NULL,
    source_id         text NOT NULL,
    content_hash      bytea,               -- of the posting as it came: did it change?
    status            text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'closed')),
    first_seen_date   date NOT NULL DEFAULT CURRENT_DATE,
    last_seen_at      timestamptz NOT NULL DEFAULT now(),
    posted_date       date,                -- as the posting says; many do not
    -- The day it counts from: as posted, but never later than we first saw it, so that
    -- neither a missing date nor one in the future keeps a job for ever.
    listed_date       date GENERATED ALWAYS AS (least(posted_date, first_seen_date)) STORED,

    -- what the posting says
    title             text,
    company           text,
    location          text,
    country           text,
    description       text,
    url               text,
    salary_min        double precision,
    salary_max        double precision,
    salary_currency   text,
    salary_period     text,
    employment_type   text,
    work_arrangement  text,
    experience_level  text,
    years_min         real,
    years_max         real,
    skills            text[] NOT NULL DEFAULT '{}',
    category          text,

    -- what was inferred from it
    ai_job_titles           text[] NOT NULL DEFAULT '{}',
    ai_job_function         text,
    ai_job_level            text[] NOT NULL DEFAULT '{}',
    ai_industry             text[] NOT NULL DEFAULT '{}',
    ai_city                 text,
    ai_state                text,
    ai_country              text,
    ai_work_arrangement     text,
    ai_remote_allowed       boolean,
    ai_required_skills      text[] NOT NULL DEFAULT '{}',
    ai_preferred_skills     text[] NOT NULL DEFAULT '{}',
    ai_years_experience_min real,
    ai_years_experience_max real,
    ai_salary_min           double precision,
    ai_salary_max           double precision,
    ai_salary_currency      text,
    ai_salary_period        text,
    ai_summary              text,

    -- What the keyword matcher searches. The title weighs most and descriptions are left
    -- out: title-weighted search found more than search over whole postings.
    -- left(): a tsvector may not pass 1 MB, and no row is refused for being long.
    words tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('english', left(coalesce(title, ''), 1000)), 'A')
        || setweight(to_tsvector('english', left(join_words(ai_job_titles), 5000)), 'B')
        || setweight(to_tsvector('english', left(join_words(skills), 10000)), 'C')
        || setweight(to_tsvector('english', left(join_words(ai_required_skills), 10000)), 'C')
        || setweight(to_tsvector('english', left(coalesce(category, '') || ' ' || coalesce(ai_job_function, ''), 1000)), 'D')
    ) STORED,

    UNIQUE (source, source_id)
);

CREATE INDEX IF NOT EXISTS canonical_jobs_words ON canonical_jobs USING gin (words);
CREATE INDEX IF NOT EXISTS canonical_jobs_listed ON canonical_jobs (listed_date DESC, id DESC)
    WHERE status = 'active';

CREATE TABLE IF NOT EXISTS user_job_history (
    user_id  bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    job_id   bigint NOT NULL REFERENCES canonical_jobs ON DELETE CASCADE,
    shown_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, job_id)
);
CREATE INDEX IF NOT EXISTS user_job_history_job ON user_job_history (job_id);

-- Reverse:
--   DROP TABLE user_job_history, canonical_jobs, user_preferences, users CASCADE;
--   DROP FUNCTION join_words(text[]);
