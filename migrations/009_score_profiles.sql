-- How much of a profile is filled in, 0 to 100: the backfill embeds people from
-- PROFILE_COMPLETENESS_MIN on (40 unless set). The weights are here and nowhere else:
--
--   40  a role, or her own words for the work
--   15  technical skills
--   10  job categories;  10  experience (level or years);  10  where
--    5  work arrangement;  5  employment type;  5  pay
--
-- A role alone is 40: it is what jobs are found by. Without one, 40 takes categories or
-- skills, so whoever reaches it has something to embed. Stored, and computed by the
-- database: whoever writes the row, it is true. Writes user_preferences anew once.
ALTER TABLE user_preferences ADD COLUMN IF NOT EXISTS completeness smallint NOT NULL
    GENERATED ALWAYS AS (
        40 * (join_words(job_roles) || coalesce(user_job_input, '') ~ '\S')::int
        + 15 * (join_words(technical_skills) ~ '\S')::int
        + 10 * (join_words(job_categories) ~ '\S')::int
        + 10 * (coalesce(experience_level, '') ~ '\S' OR years_of_experience IS NOT NULL)::int
        + 10 * (join_words(preferred_locations) || coalesce(user_location_input, '') ~ '\S')::int
        + 5 * (join_words(work_arrangements) ~ '\S')::int
        + 5 * (join_words(employment_types) ~ '\S')::int
        + 5 * (salary_min IS NOT NULL OR salary_max IS NOT NULL)::int
    ) STORED;

-- What a backfill chooses from, newest first: whoever can be matched. Jobs have no
-- profile; theirs is whole.
CREATE OR REPLACE VIEW matchable_users AS
    SELECT user_id, updated_at::date AS fresh_on, completeness FROM user_preferences;
CREATE OR REPLACE VIEW matchable_jobs AS
    SELECT id AS job_id, listed_date AS fresh_on, 100::smallint AS completeness
      FROM canonical_jobs WHERE job_is_live(status, title, listed_date);

-- Reverse:
--   DROP VIEW matchable_users, matchable_jobs;
--   ALTER TABLE user_preferences DROP COLUMN completeness;
