-- A message that may have arrived is sent again when Meta has told nothing of it for a while.
-- What was told counts from the moment it is stored: after a stop of all workers, those who
-- send wake together with those who read the statuses, and must not be faster.

CREATE INDEX IF NOT EXISTS whatsapp_events_ours ON whatsapp_events ((body->>'ours'))
    WHERE kind = 'status' AND due_at IS NOT NULL;

-- The next message to send; of all workers one at a time chooses. No row: nothing is due
-- that may go. wait_seconds: the number must rest so long; then nothing else is told.
-- resend_seconds: without any word of Meta, it is due again after so long.
CREATE OR REPLACE FUNCTION claim_outgoing(
    of_number text, per_second double precision, resend_seconds double precision,
    template_price double precision, other_price double precision, daily_budget double precision
) RETURNS TABLE (
    wait_seconds double precision, id bigint, claims int, attempts int, user_id bigint,
    wa_id text, bsuid text, message jsonb, is_template boolean
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    n     whatsapp_numbers;
    o     outbox;
    c     contacts;
    no    record;
    price double precision;
    rest  double precision;
BEGIN
    INSERT INTO whatsapp_numbers (phone_number_id) VALUES (of_number) ON CONFLICT DO NOTHING;
    SELECT * INTO n FROM whatsapp_numbers WHERE phone_number_id = of_number FOR UPDATE;
    rest := extract(epoch FROM greatest(n.paced_until, n.slow_until, n.stopped_until) - clock_timestamp());
    IF rest > 0 THEN
        RETURN QUERY SELECT rest, NULL::bigint, NULL::int, NULL::int, NULL::bigint,
                            NULL, NULL, NULL::jsonb, NULL::boolean;
        RETURN;
    END IF;
    LOOP
        -- Answers before alerts; of one person, in order, and one at a time. 264 seconds: 45
        -- messages may go at once, each borrows 6 seconds of the future.
        SELECT q.* INTO o FROM outbox q
          LEFT JOIN outbox_pace p ON p.user_id = q.user_id
         WHERE q.due_at <= clock_timestamp()
           AND coalesce(p.blocked_until <= clock_timestamp(), true)
           AND coalesce(p.paced_until <= clock_timestamp() + interval '264 seconds', true)
           AND NOT EXISTS (SELECT FROM outbox e
                            WHERE e.user_id = q.user_id AND e.id < q.id
                              AND e.due_at IS NOT NULL AND e.state <> 'held')
           -- May have arrived: what Meta told of it and nobody has read yet comes first.
           AND NOT (q.state IN ('sending', 'uncertain') AND EXISTS (
                   SELECT FROM whatsapp_events t
                    WHERE t.kind = 'status' AND t.due_at IS NOT NULL
                      AND t.body->>'ours' = q.id::text))
         ORDER BY q.kind DESC, q.due_at, q.id
         LIMIT 1 FOR UPDATE OF q SKIP LOCKED;
        IF NOT FOUND THEN
            RETURN;
        END IF;
        SELECT * INTO c FROM contacts WHERE contacts.user_id = o.user_id;
        price := CASE WHEN o.is_template THEN template_price ELSE other_price END;
        no := refusal(o, c, n, price, daily_budget);
        EXIT WHEN no.becomes IS NULL;
        UPDATE outbox SET state = no.becomes, last_error = no.reason,
                          due_at = CASE WHEN no.becomes = 'held' THEN no.retry_at END
         WHERE outbox.id = o.id;
        IF no.becomes <> 'held' THEN
            PERFORM release_money(o.id);
        END IF;
    END LOOP;
    UPDATE whatsapp_numbers
       SET paced_until = clock_timestamp() + make_interval(secs => 1 / per_second)
     WHERE phone_number_id = of_number;
    IF o.user_id IS NOT NULL THEN
        INSERT INTO outbox_pace AS p (user_id, paced_until)
        VALUES (o.user_id, clock_timestamp() + interval '6 seconds')
        ON CONFLICT (user_id) DO UPDATE
           SET paced_until = greatest(p.paced_until, clock_timestamp()) + interval '6 seconds';
    END IF;
    IF (o.kind = 'alert' OR o.is_template) AND o.dollars = 0 AND o.priced_as IS NULL THEN
        INSERT INTO whatsapp_spend AS s (day, category, messages, dollars)
        VALUES (CURRENT_DATE, 'reserved', 1, price)
        ON CONFLICT (day, category) DO UPDATE
           SET messages = s.messages + 1, dollars = s.dollars + EXCLUDED.dollars;
        UPDATE outbox SET dollars = price, charged_on = CURRENT_DATE WHERE outbox.id = o.id;
    END IF;
    RETURN QUERY
        UPDATE outbox SET state = 'sending', claims = outbox.claims + 1,
                          due_at = clock_timestamp() + make_interval(secs => resend_seconds)
         WHERE outbox.id = o.id
        RETURNING NULL::double precision, o.id, outbox.claims, outbox.attempts, o.user_id,
                  coalesce(c.wa_id, o.wa_id), coalesce(c.bsuid, o.bsuid), o.message, o.is_template;
END $$;

-- Reverse:
--   DROP INDEX whatsapp_events_ours;
--   claim_outgoing as in migration 011.
