-- What comes from WhatsApp and what goes there. Both are kept before anything is done with
-- them: a message is stored before Meta is told that it came (inbox), and before it is sent
-- (outbox). due_at is the queue here too; the lease is on the person, not on the message, so
-- that no two of her messages are ever worked on at once.

-- A person's addresses. Either may be missing, and either may change: her id is ours.
CREATE TABLE IF NOT EXISTS contacts (
    user_id                 bigint PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    wa_id                   text UNIQUE,  -- the phone number, digits only
    bsuid                   text UNIQUE,  -- Meta's id of her for this business
    last_message_at         timestamptz,  -- by Meta's clock: her 24 hours start here
    stopped_at              timestamptz,  -- she asked for silence
    template_consent_at     timestamptz,
    template_consent_source text,         -- where and in which words she agreed
    templates_stopped_at    timestamptz,  -- in WhatsApp's own settings
    templates_told_at       timestamptz,  -- the newest word of Meta on that
    templates_paused_until  timestamptz,  -- she had enough of them from all businesses
    undelivered             int NOT NULL DEFAULT 0, -- in a row
    busy_until              timestamptz,  -- the lease: a message of hers is worked on
    claim                   bigint        -- whose lease it is
);
CREATE SEQUENCE IF NOT EXISTS inbox_claims;

-- due_at NULL: handled, or set aside with last_error.
CREATE TABLE IF NOT EXISTS inbox (
    id          bigint PRIMARY KEY,
    wamid       text NOT NULL UNIQUE,     -- a message that comes again is the same
    user_id     bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    message     jsonb NOT NULL,           -- as it came; {} once it was kept long enough
    sent_at     timestamptz NOT NULL,     -- by Meta's clock, in whole seconds
    received_at timestamptz NOT NULL DEFAULT now(),
    due_at      timestamptz DEFAULT now(),
    attempts    int NOT NULL DEFAULT 0,
    last_error  text,
    handled_at  timestamptz
);
CREATE SEQUENCE IF NOT EXISTS inbox_ids OWNED BY inbox.id;
CREATE INDEX IF NOT EXISTS inbox_due ON inbox (due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS inbox_order ON inbox (user_id, sent_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS inbox_user ON inbox (user_id);
CREATE INDEX IF NOT EXISTS inbox_received ON inbox (received_at) WHERE message <> '{}';

-- Whatever else Meta tells: statuses of our messages, wishes about templates, changed
-- numbers, errors. Done, a status is gone, and of the others the key stays: a changed number
-- that is told once more must not move whoever has the number by then. Kinds nobody acts on
-- are kept aside.
CREATE TABLE IF NOT EXISTS whatsapp_events (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key         text NOT NULL UNIQUE,
    kind        text NOT NULL,
    body        jsonb NOT NULL,
    sent_at     timestamptz NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    due_at      timestamptz,
    attempts    int NOT NULL DEFAULT 0,
    last_error  text
);
CREATE INDEX IF NOT EXISTS whatsapp_events_due ON whatsapp_events (due_at, id)
    WHERE due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS whatsapp_events_received ON whatsapp_events (received_at);

-- A message that may have arrived is sent again when Meta has told nothing of it for a while:
-- what was told counts from the moment it is stored.
CREATE INDEX IF NOT EXISTS whatsapp_events_ours ON whatsapp_events ((body->>'ours'))
    WHERE kind = 'status' AND due_at IS NOT NULL;

-- Of messages whose sender had her data deleted, and which Meta may bring once more: a hash
-- under a key that is not in the database.
CREATE TABLE IF NOT EXISTS forgotten_messages (
    wamid_hash   text PRIMARY KEY,
    forgotten_at timestamptz NOT NULL DEFAULT now()
);

-- state: waiting; sending (may have arrived if its worker died); uncertain (may have
-- arrived); held (put off for money or by Meta, lets others pass); parked (until she
-- writes); accepted, sent, delivered, read; failed; cancelled. The first four are due at
-- due_at, the others never.
CREATE TABLE IF NOT EXISTS outbox (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- Meta gives it back in statuses
    user_id      bigint REFERENCES users ON DELETE CASCADE, -- NULL: her data is gone
    wa_id        text,                     -- these two only where user_id is NULL
    bsuid        text,
    kind         text NOT NULL CHECK (kind IN ('reply', 'alert')),
    inbox_id     bigint,                   -- what it answers
    position     int,                      -- in that answer
    key          text UNIQUE,              -- of what must be sent once
    message      jsonb NOT NULL,           -- as the API wants it, without the address
    is_template  boolean NOT NULL,
    is_last_word boolean NOT NULL DEFAULT false,
    state        text NOT NULL DEFAULT 'waiting' CHECK (state IN
        ('waiting', 'sending', 'uncertain', 'held', 'parked', 'accepted', 'sent',
         'delivered', 'read', 'failed', 'cancelled')),
    due_at       timestamptz DEFAULT now(),
    claims       int NOT NULL DEFAULT 0,   -- whose the current try is
    attempts     int NOT NULL DEFAULT 0,   -- that failed by its own fault
    last_error   text,
    wamid        text,
    dead_wamids  text[] NOT NULL DEFAULT '{}', -- of tries that Meta gave up later
    dollars      double precision NOT NULL DEFAULT 0, -- as it stands in whatsapp_spend
    charged_on   date,
    priced_as    text,                     -- Meta's category, once it is told
    created_at   timestamptz NOT NULL DEFAULT now(),
    accepted_at  timestamptz,
    UNIQUE (inbox_id, position)
);
CREATE INDEX IF NOT EXISTS outbox_due ON outbox (kind DESC, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS outbox_order ON outbox (user_id, id) WHERE due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS outbox_user ON outbox (user_id);
CREATE INDEX IF NOT EXISTS outbox_wamid ON outbox (wamid);
CREATE INDEX IF NOT EXISTS outbox_created ON outbox (created_at) WHERE message <> '{}';

-- How fast one person may be written to; of the senders alone, so that they wait for nobody
-- who works on her messages. paced_until: one message is 6 seconds.
CREATE TABLE IF NOT EXISTS outbox_pace (
    user_id       bigint PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    paced_until   timestamptz,
    blocked_until timestamptz,             -- Meta said that it was too fast
    failures      int NOT NULL DEFAULT 0   -- such words in a row
);

-- Our own number: one claim at a time, so many a second, or none at all.
CREATE TABLE IF NOT EXISTS whatsapp_numbers (
    phone_number_id      text PRIMARY KEY,
    paced_until          timestamptz,
    slow_until           timestamptz,
    slow_failures        int NOT NULL DEFAULT 0,
    stopped_until        timestamptz,      -- a person must act; tried again then
    stopped_since        timestamptz,
    stop_reason          text,
    alerts_stopped_until timestamptz,      -- answers still go out
    alerts_stop_reason   text
);

CREATE TABLE IF NOT EXISTS whatsapp_templates (
    name           text PRIMARY KEY,
    disabled_until timestamptz NOT NULL,
    reason         text NOT NULL
);

-- Category 'reserved': what was sent and not priced by Meta yet.
CREATE TABLE IF NOT EXISTS whatsapp_spend (
    day      date NOT NULL,
    category text NOT NULL,
    messages int NOT NULL DEFAULT 0,
    dollars  double precision NOT NULL DEFAULT 0,
    PRIMARY KEY (day, category)
);

-- merge_people: migration 015, when all that a person has is there.

-- Who has these addresses; a new person where nobody does. A number that comes with another
-- BSUID than before has another owner: whoever had it keeps her BSUID, not the number.
CREATE OR REPLACE FUNCTION contact_of(of_wa_id text, of_bsuid text, of_name text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    person   bigint;
    by_phone contacts;
BEGIN
    SELECT user_id INTO person FROM contacts
     WHERE bsuid = of_bsuid AND (of_wa_id IS NULL OR wa_id = of_wa_id)
        OR of_bsuid IS NULL AND wa_id = of_wa_id;
    IF person IS NOT NULL THEN
        RETURN person;
    END IF;
    -- From here on, one at a time: two deliveries may bring the same stranger.
    PERFORM pg_advisory_xact_lock(4816011);
    SELECT user_id INTO person FROM contacts WHERE bsuid = of_bsuid;
    SELECT * INTO by_phone FROM contacts WHERE wa_id = of_wa_id;
    IF by_phone.user_id = person OR person IS NULL
       AND by_phone.user_id IS NOT NULL AND (of_bsuid IS NULL OR by_phone.bsuid IS NULL) THEN
        UPDATE contacts SET bsuid = coalesce(of_bsuid, bsuid) WHERE user_id = by_phone.user_id;
        RETURN by_phone.user_id;
    END IF;
    IF by_phone.user_id IS NOT NULL THEN
        IF person IS NOT NULL AND by_phone.bsuid IS NULL THEN
            person := merge_people(by_phone.user_id, person);
        ELSE
            UPDATE contacts SET wa_id = NULL WHERE user_id = by_phone.user_id;
        END IF;
    END IF;
    IF person IS NOT NULL THEN
        UPDATE contacts SET wa_id = coalesce(of_wa_id, wa_id) WHERE user_id = person;
        RETURN person;
    END IF;
    INSERT INTO users (external_id, name) VALUES ('whatsapp:' || gen_random_uuid(), of_name)
    RETURNING id INTO person;
    INSERT INTO contacts (user_id, wa_id, bsuid) VALUES (person, of_wa_id, of_bsuid);
    RETURN person;
END $$;

-- A person changed her number, her BSUID or both. NULL: not told. Where somebody has the new
-- ones already, it is she: her message was faster than this.
CREATE OR REPLACE FUNCTION move_contact(
    old_wa_id text, old_bsuid text, new_wa_id text, new_bsuid text
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    old_id bigint;
    new_id bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(4816011);
    SELECT user_id INTO old_id FROM contacts
     WHERE bsuid = old_bsuid OR wa_id = old_wa_id
     ORDER BY bsuid = old_bsuid DESC NULLS LAST LIMIT 1;
    -- Another number brings another BSUID, told or not.
    UPDATE contacts
       SET bsuid = CASE WHEN new_bsuid IS NULL AND new_wa_id IS NOT DISTINCT FROM old_wa_id
                        THEN bsuid END,
           wa_id = CASE WHEN new_wa_id IS NULL THEN wa_id END
     WHERE user_id = old_id;
    FOR new_id IN SELECT user_id FROM contacts
                   WHERE (bsuid = new_bsuid OR wa_id = new_wa_id) AND user_id <> old_id LOOP
        old_id := merge_people(old_id, new_id);
    END LOOP;
    UPDATE contacts
       SET wa_id = coalesce(new_wa_id, wa_id), bsuid = coalesce(new_bsuid, bsuid)
     WHERE user_id = old_id;
END $$;

-- Stores a delivery of Meta's whole, each part once; how many parts were new.
CREATE OR REPLACE FUNCTION receive_whatsapp(messages jsonb, events jsonb) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
    new_messages int;
    new_events   int;
BEGIN
    -- By key: two deliveries that cross wait for each other in one order. The ids follow the
    -- order in which the messages came.
    INSERT INTO inbox (id, wamid, user_id, message, sent_at)
    SELECT m.id, m.wamid, contact_of(m.wa_id, m.bsuid, m.name), m.message, least(m.sent_at, now())
      FROM (SELECT nextval('inbox_ids') AS id, r.*
              FROM jsonb_to_recordset(messages) AS r(
                   wamid text, wamid_hash text, wa_id text, bsuid text, name text,
                   message jsonb, sent_at timestamptz)) m
     WHERE NOT EXISTS (SELECT FROM inbox i WHERE i.wamid = m.wamid)
       AND NOT EXISTS (SELECT FROM forgotten_messages f WHERE f.wamid_hash = m.wamid_hash)
     ORDER BY m.wamid
    ON CONFLICT (wamid) DO NOTHING;
    GET DIAGNOSTICS new_messages = ROW_COUNT;
    INSERT INTO whatsapp_events (key, kind, body, sent_at, due_at)
    SELECT e.key, e.kind, e.body, least(e.sent_at, now()), CASE WHEN e.is_due THEN now() END
      FROM jsonb_to_recordset(events) AS e(
           key text, kind text, body jsonb, sent_at timestamptz, is_due boolean)
     ORDER BY e.key
    ON CONFLICT (key) DO NOTHING;
    GET DIAGNOSTICS new_events = ROW_COUNT;
    IF new_messages + new_events > 0 THEN
        PERFORM pg_notify('whatsapp_due', '');
    END IF;
    RETURN new_messages + new_events;
EXCEPTION WHEN foreign_key_violation THEN
    -- She had her data deleted in this very moment; the next delivery finds her new.
    RAISE serialization_failure USING MESSAGE = 'a contact went away meanwhile';
END $$;

-- Money that was reserved for a message which was not sent after all.
CREATE OR REPLACE FUNCTION release_money(of_id bigint) RETURNS void LANGUAGE sql AS $$
    UPDATE whatsapp_spend s
       SET dollars = s.dollars - o.dollars, messages = s.messages - 1
      FROM outbox o
     WHERE o.id = of_id AND o.dollars > 0 AND o.priced_as IS NULL
       AND s.day = o.charged_on AND s.category = 'reserved';
    UPDATE outbox SET dollars = 0, charged_on = NULL WHERE id = of_id AND priced_as IS NULL;
$$;

-- What Meta says a message is billed as; once.
CREATE OR REPLACE FUNCTION price_message(of_id bigint, as_category text, price double precision)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM outbox WHERE id = of_id AND priced_as IS NOT NULL) THEN
        RETURN;
    END IF;
    PERFORM release_money(of_id);
    UPDATE outbox SET priced_as = as_category, dollars = price, charged_on = CURRENT_DATE
     WHERE id = of_id;
    INSERT INTO whatsapp_spend AS s (day, category, messages, dollars)
    VALUES (CURRENT_DATE, as_category, 1, price)
    ON CONFLICT (day, category) DO UPDATE
       SET messages = s.messages + 1, dollars = s.dollars + EXCLUDED.dollars;
END $$;

-- Why a message that is due may not be sent now, or NULL. becomes: its state then. retry_at:
-- when it is looked at again.
CREATE OR REPLACE FUNCTION refusal(
    o outbox, c contacts, n whatsapp_numbers, price double precision, daily_budget double precision,
    OUT becomes text, OUT reason text, OUT retry_at timestamptz
) LANGUAGE plpgsql AS $$
DECLARE
    template whatsapp_templates;
    spent    double precision;
BEGIN
    IF c.user_id IS NULL THEN  -- the last word to someone whose data is gone
        RETURN;
    END IF;
    IF c.stopped_at IS NOT NULL AND NOT o.is_last_word THEN
        becomes := 'cancelled'; reason := 'she asked to stop'; RETURN;
    END IF;
    IF NOT o.is_template AND coalesce(c.last_message_at <= now() - interval '24 hours', true) THEN
        becomes := 'parked'; reason := 'outside her 24 hours'; RETURN;
    END IF;
    IF o.is_template THEN
        reason := CASE
            WHEN c.template_consent_at IS NULL THEN 'no consent to templates'
            WHEN c.templates_stopped_at IS NOT NULL THEN 'she stopped templates'
            WHEN c.templates_paused_until > now() THEN 'she has had enough templates for now'
        END;
    END IF;
    IF o.kind = 'alert' AND c.undelivered >= 3 THEN
        reason := 'three messages in a row could not be delivered';
    END IF;
    IF reason IS NOT NULL THEN
        becomes := 'failed'; RETURN;
    END IF;
    IF o.is_template THEN
        SELECT * INTO template FROM whatsapp_templates t
         WHERE t.name = o.message->'template'->>'name' AND t.disabled_until > now();
        reason := template.reason;
        retry_at := least(template.disabled_until, now() + interval '1 hour');
    END IF;
    IF (o.kind = 'alert' OR o.is_template) AND reason IS NULL THEN
        IF n.alerts_stopped_until > now() THEN
            reason := n.alerts_stop_reason;
            retry_at := n.alerts_stopped_until;
        ELSIF daily_budget IS NOT NULL AND o.dollars = 0 THEN
            SELECT coalesce(sum(dollars), 0) INTO spent FROM whatsapp_spend WHERE day = CURRENT_DATE;
            IF spent + price > daily_budget THEN
                reason := 'the day''s budget is spent';
                retry_at := CURRENT_DATE + 1;
            END IF;
        END IF;
    END IF;
    IF reason IS NOT NULL THEN
        becomes := CASE WHEN o.created_at < now() - interval '2 days' THEN 'failed' ELSE 'held' END;
    END IF;
END $$;

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
--   DROP FUNCTION claim_outgoing, refusal, price_message, release_money, receive_whatsapp,
--     move_contact, contact_of;
--   DROP TABLE whatsapp_spend, whatsapp_templates, whatsapp_numbers, outbox_pace, outbox,
--     forgotten_messages, whatsapp_events, inbox, contacts;
--   DROP SEQUENCE inbox_claims;
