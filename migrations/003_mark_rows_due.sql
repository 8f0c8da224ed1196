-- Whoever writes a job or a preference, psql and other services included, makes its
-- embedding due. Only a column that enters the text does, and only when it differs.
-- The notification wakes the daemon; equal ones of one transaction are sent once.

-- A job is live while it can be found: active, titled, of the last 60 days. Only live
-- jobs have embeddings, so the vector index is small and no search filters by date.
CREATE OR REPLACE FUNCTION oldest_live_date() RETURNS date
    LANGUAGE sql STABLE AS $$ SELECT CURRENT_DATE - 60 $$;

CREATE OR REPLACE FUNCTION job_is_live(status text, title text, listed_date date) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$ SELECT status = 'active' AND coalesce(title, '') ~ '\S' AND listed_date >= oldest_live_date() $$;

-- Live or not: a row for each model, or none.
CREATE OR REPLACE FUNCTION job_life_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF job_is_live(NEW.status, NEW.title, NEW.listed_date) THEN
        INSERT INTO job_embeddings (job_id, model, fresh_on, due_at)
        SELECT NEW.id, name, NEW.listed_date, now() FROM embedding_models
        ON CONFLICT (job_id, model) DO NOTHING;
        IF FOUND THEN
            PERFORM pg_notify('embeddings_due', '');
        END IF;
        IF TG_OP = 'UPDATE' THEN
            UPDATE job_embeddings SET fresh_on = NEW.listed_date
             WHERE job_id = NEW.id AND fresh_on <> NEW.listed_date;
        END IF;
    ELSE
        DELETE FROM job_embeddings WHERE job_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;

-- attempts starts anew: an error belonged to the old text.
CREATE OR REPLACE FUNCTION job_text_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE job_embeddings
       SET due_at = now(), revision = nextval('embedding_revisions'), attempts = 0, last_error = NULL
     WHERE job_id = NEW.id;
    IF FOUND THEN
        PERFORM pg_notify('embeddings_due', '');
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION user_text_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO user_embeddings AS e (user_id, model, fresh_on, due_at)
    SELECT NEW.user_id, name, CURRENT_DATE, now() FROM embedding_models
    ON CONFLICT (user_id, model) DO UPDATE
       SET due_at = now(), revision = nextval('embedding_revisions'), attempts = 0, last_error = NULL,
           fresh_on = EXCLUDED.fresh_on;
    IF FOUND THEN
        PERFORM pg_notify('embeddings_due', '');
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER job_inserted
    AFTER INSERT ON canonical_jobs
    FOR EACH ROW EXECUTE FUNCTION job_life_changed();

CREATE OR REPLACE TRIGGER job_life_changed
    AFTER UPDATE OF status, title, posted_date, first_seen_date ON canonical_jobs
    FOR EACH ROW
    WHEN ((OLD.status, OLD.title, OLD.listed_date) IS DISTINCT FROM (NEW.status, NEW.title, NEW.listed_date))
    EXECUTE FUNCTION job_life_changed();

-- The columns that any template of embedding_text.py reads, and no others.
CREATE OR REPLACE TRIGGER job_text_changed
    AFTER UPDATE OF
        title, company, location, country, description, skills, category,
        work_arrangement, experience_level, years_min, years_max,
        salary_min, salary_max, salary_currency,
        ai_job_titles, ai_job_function, ai_job_level, ai_industry,
        ai_city, ai_state, ai_country, ai_work_arrangement, ai_remote_allowed,
        ai_required_skills, ai_preferred_skills,
        ai_years_experience_min, ai_years_experience_max,
        ai_salary_min, ai_salary_max, ai_salary_currency, ai_summary
    ON canonical_jobs
    FOR EACH ROW
    WHEN ((OLD.title, OLD.company, OLD.location, OLD.country, OLD.description, OLD.skills, OLD.category,
           OLD.work_arrangement, OLD.experience_level, OLD.years_min, OLD.years_max,
           OLD.salary_min, OLD.salary_max, OLD.salary_currency,
           OLD.ai_job_titles, OLD.ai_job_function, OLD.ai_job_level, OLD.ai_industry,
           OLD.ai_city, OLD.ai_state, OLD.ai_country, OLD.ai_work_arrangement, OLD.ai_remote_allowed,
           OLD.ai_required_skills, OLD.ai_preferred_skills,
           OLD.ai_years_experience_min, OLD.ai_years_experience_max,
           OLD.ai_salary_min, OLD.ai_salary_max, OLD.ai_salary_currency, OLD.ai_summary)
          IS DISTINCT FROM
          (NEW.title, NEW.company, NEW.location, NEW.country, NEW.description, NEW.skills, NEW.category,
           NEW.work_arrangement, NEW.experience_level, NEW.years_min, NEW.years_max,
           NEW.salary_min, NEW.salary_max, NEW.salary_currency,
           NEW.ai_job_titles, NEW.ai_job_function, NEW.ai_job_level, NEW.ai_industry,
           NEW.ai_city, NEW.ai_state, NEW.ai_country, NEW.ai_work_arrangement, NEW.ai_remote_allowed,
           NEW.ai_required_skills, NEW.ai_preferred_skills,
           NEW.ai_years_experience_min, NEW.ai_years_experience_max,
           NEW.ai_salary_min, NEW.ai_salary_max, NEW.ai_salary_currency, NEW.ai_summary))
    EXECUTE FUNCTION job_text_changed();

CREATE OR REPLACE TRIGGER user_inserted
    AFTER INSERT ON user_preferences
    FOR EACH ROW EXECUTE FUNCTION user_text_changed();

CREATE OR REPLACE TRIGGER user_text_changed
    AFTER UPDATE OF
        job_roles, job_categories, user_job_input, experience_level, years_of_experience,
        technical_skills, soft_skills, preferred_locations, user_location_input,
        willing_to_relocate, work_arrangements, employment_types,
        salary_min, salary_max, salary_currency, company_size_preference, industry_preferences
    ON user_preferences
    FOR EACH ROW
    WHEN ((OLD.job_roles, OLD.job_categories, OLD.user_job_input, OLD.experience_level, OLD.years_of_experience,
           OLD.technical_skills, OLD.soft_skills, OLD.preferred_locations, OLD.user_location_input,
           OLD.willing_to_relocate, OLD.work_arrangements, OLD.employment_types,
           OLD.salary_min, OLD.salary_max, OLD.salary_currency, OLD.company_size_preference, OLD.industry_preferences)
          IS DISTINCT FROM
          (NEW.job_roles, NEW.job_categories, NEW.user_job_input, NEW.experience_level, NEW.years_of_experience,
           NEW.technical_skills, NEW.soft_skills, NEW.preferred_locations, NEW.user_location_input,
           NEW.willing_to_relocate, NEW.work_arrangements, NEW.employment_types,
           NEW.salary_min, NEW.salary_max, NEW.salary_currency, NEW.company_size_preference, NEW.industry_preferences))
    EXECUTE FUNCTION user_text_changed();

-- Reverse:
--   DROP FUNCTION job_life_changed, job_text_changed, user_text_changed CASCADE;
--   DROP FUNCTION job_is_live, oldest_live_date;
