-- Two contacts that turn out to be one person: the one who has preferences stays, else the
-- older. All that is hers moves there, conversation and alerts where that one has none.

CREATE OR REPLACE FUNCTION merge_people(one bigint, other bigint) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    kept bigint;
    gone bigint;
    old  contacts;
BEGIN
    SELECT u.id INTO kept FROM users u
      LEFT JOIN user_preferences p ON p.user_id = u.id
     WHERE u.id IN (one, other)
     ORDER BY p.user_id IS NULL, u.id LIMIT 1;
    gone := one + other - kept;
    SELECT * INTO old FROM contacts WHERE user_id = gone FOR UPDATE;
    UPDATE contacts SET wa_id = NULL, bsuid = NULL WHERE user_id = gone;
    -- Whoever asked for silence once, gets it.
    UPDATE contacts c
       SET wa_id = coalesce(c.wa_id, old.wa_id), bsuid = coalesce(c.bsuid, old.bsuid),
           last_message_at = greatest(c.last_message_at, old.last_message_at),
           stopped_at = coalesce(c.stopped_at, old.stopped_at),
           templates_stopped_at = coalesce(c.templates_stopped_at, old.templates_stopped_at),
           templates_told_at = greatest(c.templates_told_at, old.templates_told_at),
           templates_paused_until = greatest(c.templates_paused_until, old.templates_paused_until),
           template_consent_source = CASE WHEN c.template_consent_at IS NULL
               THEN old.template_consent_source ELSE c.template_consent_source END,
           template_consent_at = coalesce(c.template_consent_at, old.template_consent_at)
     WHERE c.user_id = kept;
    UPDATE inbox SET user_id = kept WHERE user_id = gone;
    UPDATE outbox SET user_id = kept WHERE user_id = gone;
    UPDATE user_job_history h SET user_id = kept
     WHERE h.user_id = gone AND NOT EXISTS (
        SELECT FROM user_job_history k WHERE k.user_id = kept AND k.job_id = h.job_id);
    UPDATE conversations SET user_id = kept
     WHERE user_id = gone AND NOT EXISTS (SELECT FROM conversations WHERE user_id = kept);
    -- What is pending refers to the settings that it was found under.
    INSERT INTO alert_settings
    SELECT (jsonb_populate_record(a, jsonb_build_object('user_id', kept))).*
      FROM alert_settings a WHERE a.user_id = gone
    ON CONFLICT DO NOTHING;
    UPDATE pending_alerts p SET user_id = kept
     WHERE p.user_id = gone AND NOT EXISTS (
        SELECT FROM pending_alerts k WHERE k.user_id = kept AND k.job_id = p.job_id);
    DELETE FROM users WHERE id = gone;
    RETURN kept;
END $$;

-- Reverse:
--   DROP FUNCTION merge_people;
