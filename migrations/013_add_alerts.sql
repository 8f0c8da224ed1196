-- Which jobs were held against people already, what was found for whom, and when each
-- person is to be told.

-- No row: nobody has looked yet. due_at: a worker is at it until then. NULL: it was held
-- against everybody who wants alerts.
CREATE TABLE IF NOT EXISTS job_alerts (
    job_id bigint PRIMARY KEY REFERENCES canonical_jobs ON DELETE CASCADE,
    due_at timestamptz
);
CREATE INDEX IF NOT EXISTS job_alerts_due ON job_alerts (due_at) WHERE due_at IS NOT NULL;

-- Nobody is told of what was there before there were alerts.
INSERT INTO job_alerts (job_id)
SELECT job_id FROM live_jobs WHERE NOT EXISTS (SELECT FROM job_alerts)
ON CONFLICT DO NOTHING;

-- due_at: when she is looked at next, to be told or put off. NULL: nothing waits for her.
-- claims: whoever tells her must be the last who claimed her, and find her settings and
-- her pending jobs as they were. last_template_at, templates: the last message outside of
-- her window, and how many in a row she left without a word.
ALTER TABLE alert_settings
    ADD COLUMN IF NOT EXISTS due_at timestamptz,
    ADD COLUMN IF NOT EXISTS claims bigint NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS last_template_at timestamptz,
    ADD COLUMN IF NOT EXISTS templates int NOT NULL DEFAULT 0;
CREATE INDEX IF NOT EXISTS alert_settings_due ON alert_settings (due_at) WHERE due_at IS NOT NULL;

-- Found for her, and not told yet. Each posting of a job: when she is told, one may have
-- ended. is_news: she has not heard of it, nor of a page of more.
CREATE TABLE IF NOT EXISTS pending_alerts (
    user_id  bigint NOT NULL REFERENCES alert_settings ON DELETE CASCADE,
    job_id   bigint NOT NULL REFERENCES canonical_jobs ON DELETE CASCADE,
    score    int NOT NULL,  -- when it was found
    found_at timestamptz NOT NULL,
    is_news  boolean NOT NULL DEFAULT true,
    PRIMARY KEY (user_id, job_id)
);
CREATE INDEX IF NOT EXISTS pending_alerts_job ON pending_alerts (job_id);

-- Whoever changes how she wants to be told: she is looked at anew.
CREATE OR REPLACE FUNCTION alert_settings_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.due_at := now();
    NEW.claims := OLD.claims + 1;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER alert_settings_changed
    BEFORE UPDATE OF cadence, paused_until, quiet_from, quiet_to, zone ON alert_settings
    FOR EACH ROW
    WHEN ((OLD.cadence, OLD.paused_until, OLD.quiet_from, OLD.quiet_to, OLD.zone)
          IS DISTINCT FROM (NEW.cadence, NEW.paused_until, NEW.quiet_from, NEW.quiet_to, NEW.zone))
    EXECUTE FUNCTION alert_settings_changed();

-- Reverse:
--   DROP FUNCTION alert_settings_changed CASCADE;
--   DROP TABLE pending_alerts, job_alerts;
--   ALTER TABLE alert_settings DROP COLUMN due_at, DROP COLUMN claims,
--       DROP COLUMN last_template_at, DROP COLUMN templates;
