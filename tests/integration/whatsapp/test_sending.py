from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.integration.whatsapp.conftest import Edge
from tests.loopback import graph_server as g
from tests.loopback import meta_shapes as shapes
from tests.loopback.meta_shapes import BSUID, PHONE, failed, status, value_of
from whatsapp_bot.whatsapp.graph_api import GraphApi
from whatsapp_bot.whatsapp.messages import (
    Answer,
    Button,
    Buttons,
    Incoming,
    Template,
    Text,
)

DIGEST = Template("digest", "en", ["3 new jobs"])


def agree(edge: Edge) -> None:
    edge.let(
        lambda cursor, user_id: edge.contacts.consent_to_templates(
            cursor, user_id, "she pressed Yes"
        )
    )


def close_window(edge: Edge) -> None:
    edge.run("UPDATE contacts SET last_message_at = now() - interval '24 hours'")


# --- each error code, as the table says


@pytest.mark.parametrize(
    ("code", "state", "accepted_after_a_while"),
    [
        (190, "waiting", 1),
        (130429, "waiting", 1),
        (131056, "waiting", 1),
        (131000, "waiting", 1),
        (131047, "parked", 0),
        (131026, "failed", 0),
        (131049, "failed", 0),
        (131050, "failed", 0),
        (100, "failed", 0),
    ],
)
def test_a_refusal_counts_the_same_at_once_and_by_a_status(
    edge: Edge, code: int, state: str, accepted_after_a_while: int
) -> None:
    edge.graph.faults.append(g.refuse(code))
    edge.try_to_converse("one")
    assert edge.states == [state]
    edge.hurry()
    edge.send()
    edge.try_to_converse("two", phone="2348000000001", bsuid=None)
    sent = edge.value("SELECT id FROM outbox ORDER BY id DESC LIMIT 1")
    edge.tell(failed(edge.graph.wamids[-1], code, sent))
    assert edge.states[-1] == state
    errors = edge.run("SELECT last_error FROM outbox WHERE last_error IS NOT NULL")
    assert all(row["last_error"].startswith(f"{code}: ") for row in errors)
    edge.hurry()
    edge.send()
    assert len(edge.graph.accepted) == 1 + 2 * accepted_after_a_while


def test_what_becomes_of_a_message_without_a_clear_answer(edge: Edge) -> None:
    expected: list[tuple[g.Fault, str]] = [
        (g.refuse(100, subcode=33), "waiting"),
        (g.html(404), "waiting"),
        (g.html(429), "waiting"),
        (g.refuse(999999, 503), "waiting"),
        (g.html(502), "uncertain"),
        (g.nonsense, "uncertain"),
        (g.drop, "uncertain"),
        (g.drop_after_accept, "uncertain"),
    ]
    newest = "SELECT state, due_at > created_at + interval '60 s' AS is_put_off FROM outbox ORDER BY id DESC LIMIT 1"
    for number, (fault, state) in enumerate(expected):
        edge.graph.faults.append(fault)
        edge.try_to_converse("Hello", phone=f"234800000000{number}", bsuid=None)
        (row,) = edge.run(newest)
        assert row == {"state": state, "is_put_off": state == "uncertain"}, number
        edge.run("UPDATE outbox SET due_at = now() + interval '1 day'")
        edge.hurry_number()


def test_a_wrong_token_stops_the_sender_says_so_and_loses_nothing(edge: Edge) -> None:
    edge.graph.always = g.refuse(190, 401)
    edge.try_to_converse("one", "two")
    assert len(edge.graph.requests) == 1
    assert edge.sender.step() > 200  # type: ignore[operator]
    facts = edge.app.edge.number.facts()
    assert "WHATSAPP_TOKEN" in facts["stop_reason"] and facts["due"] == 2
    edge.graph.always = None
    edge.app.edge.number.forget_stop()
    edge.send()
    assert edge.graph.texts == ["one", "two"]
    assert edge.app.edge.number.facts()["stop_reason"] is None


def test_a_limit_slows_the_whole_number_down_more_each_time(edge: Edge) -> None:
    edge.graph.always = g.refuse(130429)
    edge.write("Hello")
    edge.answer()
    number = edge.app.edge.number
    for least in (1, 2, 4, 8):
        with edge.app.database.transaction() as cursor:  # in which now() stands still
            if least == 1:
                cursor.raw.execute(
                    "INSERT INTO whatsapp_numbers (phone_number_id) VALUES (%s)",
                    (shapes.NUMBER,),
                )
            number.slow_down(cursor)
            number.slow_down(cursor)  # of another thread, at the same time
            cursor.raw.execute(
                "UPDATE whatsapp_numbers SET slow_until = slow_until - %s * interval '1 s'"
                " RETURNING slow_until - now() BETWEEN '0 s' AND %s * interval '0.25 s'"
                " AS is_so",
                (least, least),
            )
            assert cursor.raw.fetchall() == [{"is_so": True}]
            cursor.raw.execute("UPDATE whatsapp_numbers SET slow_until = NULL")
    edge.send_one()
    assert edge.value("SELECT attempts FROM outbox") == 0
    assert edge.value("SELECT slow_failures FROM whatsapp_numbers") == 5
    edge.graph.always = None
    edge.hurry()
    edge.send()
    assert edge.value("SELECT slow_failures FROM whatsapp_numbers") == 0


def test_one_person_who_gets_too_many_waits_alone(edge: Edge) -> None:
    edge.write("mine")
    edge.write("another's", phone="2348000000001", bsuid=None)
    edge.answer()
    edge.graph.faults.append(g.refuse(131056))
    edge.send_one()
    edge.send_one()
    assert edge.graph.texts == ["another's"]
    edge.hurry()
    edge.send()
    assert edge.graph.texts == ["another's", "mine"]
    assert edge.value("SELECT max(failures) FROM outbox_pace") == 0


def test_whoever_gets_too_many_waits_4_to_the_nth_seconds(edge: Edge) -> None:
    edge.write("Hello")
    with edge.app.database.transaction() as cursor:
        slow_person = edge.app.edge.number.slow_person
        seconds = [slow_person(cursor, edge.person) for _ in range(4)]
        assert seconds == [1, 4, 16, 64]
        assert slow_person(cursor, None) == 1


def test_a_message_that_fails_again_and_again_is_given_up(edge: Edge) -> None:
    edge.graph.always = g.refuse(131000)
    edge.try_to_converse("Hello")
    for _ in range(6):
        edge.hurry()
        edge.send_one()
    assert edge.states == ["failed"]
    assert len(edge.graph.requests) == 5


def test_a_meta_that_cannot_be_reached_costs_no_message_a_try(edge: Edge) -> None:
    edge.sender._api = GraphApi("http://127.0.0.1:1", "v25.0", "1", "token")
    edge.try_to_converse("Hello")
    assert edge.states == ["waiting"]
    assert edge.value("SELECT slow_failures FROM whatsapp_numbers") == 1
    assert edge.value("SELECT attempts FROM outbox") == 0
    edge.sender._api = edge.api
    edge.hurry()
    edge.send()
    assert edge.graph.texts == ["Hello"]


def test_a_window_that_meta_says_is_closed_opens_when_she_writes(edge: Edge) -> None:
    edge.graph.faults.append(g.refuse(131047))
    edge.converse("one", "two")
    assert edge.states == ["parked", "parked"]
    edge.converse("three")
    assert edge.graph.texts == ["one", "two", "three"]


def test_a_template_that_is_wrong_is_not_used_any_more(edge: Edge) -> None:
    edge.converse("Hello")
    agree(edge)
    edge.graph.faults.append(g.refuse(132001))
    edge.add([DIGEST])
    edge.add([Template("other", "en")])
    edge.send_one()
    assert edge.states == ["accepted", "waiting", "waiting"]
    edge.hurry()
    edge.send()
    assert edge.states == ["accepted", "held", "accepted"]
    assert "digest: 132001" in edge.app.edge.number.facts()["disabled_templates"]


def test_a_spam_restriction_stops_alerts_and_no_answers(edge: Edge) -> None:
    edge.converse("Hello")
    edge.graph.faults.append(g.refuse(131048))
    edge.add([Text("an alert")])
    edge.send_one()
    edge.hurry()
    edge.send()
    assert edge.states == ["accepted", "held"]
    assert edge.app.edge.number.facts()["alerts_stop_reason"]
    edge.converse("jobs")
    assert edge.graph.texts == ["Hello", "jobs"]


def test_who_had_enough_templates_gets_none_for_a_day(edge: Edge) -> None:
    edge.converse("Hello")
    agree(edge)
    edge.graph.faults.append(g.refuse(131049))
    edge.add([DIGEST])
    edge.send()
    edge.add([DIGEST])
    edge.send()
    assert edge.states == ["accepted", "failed", "failed"]
    edge.run("UPDATE contacts SET templates_paused_until = now()")
    edge.add([DIGEST])
    edge.send()
    assert edge.states[-1] == "accepted"


def test_who_cannot_be_reached_three_times_gets_no_alerts_until_she_writes(
    edge: Edge,
) -> None:
    edge.converse("Hello")
    for _ in range(3):
        edge.graph.faults.append(g.refuse(131026))
        edge.add([Text("an alert")])
        edge.send()
    edge.add([Text("an alert")])
    edge.send()
    assert len(edge.graph.requests) == 4 and edge.states[-1] == "failed"
    edge.converse("I am back")
    edge.add([Text("an alert")])
    edge.send()
    assert edge.graph.texts == ["Hello", "I am back", "an alert"]


# --- what may have arrived


def test_a_status_tells_that_it_had_arrived(edge: Edge) -> None:
    edge.graph.faults.append(g.drop_after_accept)
    edge.converse("one", "two")
    assert edge.states == ["uncertain", "waiting"]  # the order is kept
    first = edge.graph.accepted[0]["biz_opaque_callback_data"]
    edge.tell(status("wamid.out1", "sent", first))
    edge.send()
    assert edge.graph.texts == ["one", "two"]
    assert edge.states == ["sent", "accepted"]


def test_without_any_status_it_is_sent_again_after_a_while(edge: Edge) -> None:
    edge.graph.faults.append(g.drop)
    edge.converse("one", "two")
    wait = "SELECT extract(epoch FROM due_at - now())::float FROM outbox WHERE state = 'uncertain'"
    assert 60 < edge.value(wait) <= 120
    edge.hurry()
    edge.send()
    assert edge.graph.texts == ["one", "two"]


def test_a_meta_that_hangs_leaves_it_uncertain(edge: Edge) -> None:
    edge.sender._api = GraphApi(edge.graph.base_url, "v25.0", "1", "token", 0.05)
    edge.graph.faults.append(g.hang_after_accept)
    edge.converse("Hello")
    assert edge.states == ["uncertain"]
    edge.sender._api = edge.api


def test_a_sender_that_died_is_as_one_that_had_no_answer(edge: Edge) -> None:
    edge.write("Hello")
    edge.answer()
    dead = edge.app.edge.outgoing.claim()
    assert edge.states == ["sending"]
    edge.send()
    assert edge.graph.accepted == []
    edge.hurry()
    edge.send()
    assert edge.graph.texts == ["Hello"]
    # Should it still live, it changes nothing any more.
    edge.app.edge.outgoing.doubt(dead, "late")  # type: ignore[arg-type]
    assert edge.states == ["accepted"]


def test_what_a_stored_status_speaks_of_is_not_sent_again(edge: Edge) -> None:
    """After a stop of all workers, senders wake together with whoever reads statuses."""
    edge.graph.faults.append(g.drop_after_accept)
    edge.converse("one", "two")
    first = edge.graph.accepted[0]["biz_opaque_callback_data"]
    edge.deliver(value_of(statuses=[status("wamid.out1", "sent", first)]))
    edge.hurry()
    edge.send()
    assert edge.graph.texts == ["one"]
    edge.act()
    edge.send()
    assert edge.graph.texts == ["one", "two"]


def test_a_status_may_be_faster_than_the_answer(edge: Edge) -> None:
    def tell(payload: dict[str, Any]) -> None:
        ours = payload["biz_opaque_callback_data"]
        edge.tell(status("wamid.out1", "delivered", ours))

    edge.graph.before = tell
    edge.converse("Hello")
    assert edge.states == ["delivered"]


# --- statuses


def test_statuses_move_forward_only(edge: Edge) -> None:
    edge.converse("Hello")
    ours = edge.value("SELECT id FROM outbox")
    expected = [
        ("delivered", "delivered"),
        ("sent", "delivered"),
        ("read", "read"),
        ("failed", "read"),
        ("delivered", "read"),
    ]
    for told, state in expected:
        edge.tell(status("wamid.out1", told, ours if told != "read" else None))
        assert edge.states == [state], told


def test_failed_is_the_end(edge: Edge) -> None:
    edge.converse("Hello")
    edge.tell(failed("wamid.out1", 131026))
    edge.tell(status("wamid.out1", "delivered"))
    assert edge.states == ["failed"]


def test_a_late_word_on_a_try_that_failed_does_not_count(edge: Edge) -> None:
    edge.converse("Hello")
    ours = edge.value("SELECT id FROM outbox")
    edge.tell(failed("wamid.out1", 131000, ours))
    edge.tell(status("wamid.out1", "sent", ours))
    assert edge.states == ["waiting"]
    edge.hurry()
    edge.send()
    edge.tell(failed("wamid.out1", 131000, ours))
    assert edge.states == ["accepted"]
    edge.tell(status("wamid.out2", "read", ours))
    assert edge.states == ["read"]


def test_an_event_that_cannot_be_acted_on_stops_no_other(edge: Edge) -> None:
    edge.converse("Hello")
    edge.run(
        "INSERT INTO whatsapp_events (key, kind, body, sent_at, due_at)"
        " VALUES ('x', 'preference', '{\"wa_id\": 5}', now(), '2020-01-01')"
    )
    edge.deliver(value_of(statuses=[status("wamid.out1", "read")]))
    edge.act()
    assert edge.states == ["read"]
    (left,) = edge.run("SELECT * FROM whatsapp_events WHERE last_error IS NOT NULL")
    assert left["attempts"] >= 1


def test_one_worker_at_a_time_acts_on_events(edge: Edge) -> None:
    """Two would hold each other's messages: sent and delivered of one come together."""
    edge.converse("one", "two")
    told = [status(f"wamid.out{n}", word) for n in (1, 2) for word in ("sent", "read")]
    edge.deliver(value_of(statuses=told))
    with edge.app.database.transaction() as cursor:
        assert len(edge.inbox.take_events(cursor, 1)) == 1
        edge.act()
        assert edge.states == ["accepted", "accepted"]
    edge.act()
    assert edge.states == ["read", "read"]


# --- silence


@pytest.mark.parametrize("state", ["waiting", "uncertain", "held", "parked", "sending"])
def test_stop_wins_in_every_state(edge: Edge, state: str) -> None:
    edge.converse("Hello")
    edge.add([Text("an alert")])
    edge.run("UPDATE outbox SET state = %s WHERE kind = 'alert'", state)
    edge.parrot.mind = lambda message: Answer(
        [Text("You will hear no more.")],
        lambda cursor: edge.contacts.stop(cursor, message.user_id),
        is_last_word=True,
    )
    edge.converse("STOP")
    edge.hurry()
    edge.send()
    assert edge.graph.texts == ["Hello", "You will hear no more."]
    assert edge.add([Text("one more")]) == 0
    edge.parrot.mind = lambda message: Answer([Text("not this either")])
    edge.converse("jobs")
    assert len(edge.graph.accepted) == 2


def test_what_waited_for_her_to_write_is_not_sent_while_her_stop_is_read(
    edge: Edge,
) -> None:
    edge.converse("Hello")
    edge.add([Text("an old alert")])
    edge.run("UPDATE outbox SET state = 'parked', due_at = NULL WHERE kind = 'alert'")

    def think(message: Incoming) -> Answer:
        edge.send()  # as other threads do meanwhile
        return Answer(
            [Text("You will hear no more.")],
            lambda cursor: edge.contacts.stop(cursor, message.user_id),
            is_last_word=True,
        )

    edge.parrot.mind = think
    edge.converse("STOP")
    assert edge.graph.texts == ["Hello", "You will hear no more."]


def test_start_ends_the_silence_and_brings_back_nothing_old(edge: Edge) -> None:
    edge.converse("Hello")
    edge.add([Text("old alert")])
    edge.let(edge.contacts.stop)
    edge.parrot.mind = lambda message: Answer(
        [Text("Welcome back")],
        lambda cursor: edge.contacts.resume(cursor, message.user_id),
    )
    edge.converse("START")
    assert edge.graph.texts == ["Hello", "Welcome back"]


# --- window, consent, money


def test_outside_her_24_hours_only_templates_go_and_only_by_consent(edge: Edge) -> None:
    edge.converse("Hello")
    close_window(edge)
    edge.add([Text("free-form"), DIGEST])
    edge.send()
    assert edge.states == ["accepted", "parked", "failed"]
    agree(edge)
    edge.add([DIGEST])
    edge.send()
    assert edge.graph.accepted[-1]["template"]["name"] == "digest"
    edge.let(edge.contacts.withdraw_consent)
    edge.add([DIGEST])
    edge.send()
    assert edge.states[-1] == "failed"
    edge.converse("I am back")
    said = [payload.get("text", {}).get("body") for payload in edge.graph.accepted]
    assert said == ["Hello", None, "free-form", "I am back"]


def test_her_wish_in_whatsapps_settings_counts_the_newest_one(edge: Edge) -> None:
    edge.converse("Hello")
    agree(edge)

    def wish(value: str, timestamp: int) -> None:
        edge.deliver(value_of(user_preferences=[shapes.preference(value, timestamp)]))
        edge.act()

    wish("stop", 200)
    wish("resume", 100)  # late
    edge.add([DIGEST])
    edge.send()
    assert edge.states == ["accepted", "failed"]
    wish("resume", 300)
    edge.add([DIGEST])
    edge.send()
    assert edge.states[-1] == "accepted"


def test_alerts_stop_before_the_days_budget_is_passed_and_answers_do_not(
    edge: Edge,
) -> None:
    edge.converse("Hello")
    agree(edge)
    edge.run("INSERT INTO whatsapp_spend VALUES (CURRENT_DATE, 'marketing', 19, 0.92)")
    edge.add([DIGEST])
    edge.add([DIGEST])
    edge.send()
    assert edge.states == ["accepted", "accepted", "held"]
    tomorrow = "SELECT due_at = CURRENT_DATE + 1 FROM outbox WHERE state = 'held'"
    assert edge.value(tomorrow)
    edge.converse("jobs")  # an alert that is held lets answers pass
    assert edge.states == ["accepted", "accepted", "held", "accepted"]


def spent(edge: Edge) -> dict[str, tuple[int, float]]:
    rows = edge.run("SELECT category, messages, dollars FROM whatsapp_spend")
    return {
        row["category"]: (row["messages"], round(row["dollars"], 4)) for row in rows
    }


def test_money_is_reserved_then_counted_as_meta_bills_it(edge: Edge) -> None:
    edge.converse("Hello")
    agree(edge)
    edge.add([DIGEST, Text("in her window")])
    edge.send()
    assert spent(edge) == {"reserved": (2, 0.0567)}
    edge.tell(status("wamid.out2", "sent", pricing=shapes.PRICING))
    edge.tell(status("wamid.out2", "delivered", pricing=shapes.PRICING))
    free = {"billable": False, "category": "service", "type": "free_customer_service"}
    edge.tell(status("wamid.out1", "delivered", pricing=free))
    edge.tell(failed("wamid.out3", 131026))
    assert spent(edge) == {
        "reserved": (0, 0.0),
        "marketing": (1, 0.05),
        "service": (1, 0.0),
    }


@pytest.mark.parametrize(
    "told", [("sent", "delivered"), ("sent", "read"), ("read", "sent")]
)
def test_a_price_that_is_told_twice_is_counted_once(
    edge: Edge, told: tuple[str, ...]
) -> None:
    """Meta: with sent, and with one of delivered or read; in any order, and again."""
    edge.converse("Hello")
    agree(edge)
    edge.add([DIGEST])
    edge.send()
    ours = edge.value("SELECT max(id) FROM outbox")
    words = [status("wamid.out2", word, ours, pricing=shapes.PRICING) for word in told]
    edge.tell(*words)
    edge.tell(*words)
    assert spent(edge) == {"reserved": (0, 0.0), "marketing": (1, 0.05)}


# --- pace and order


def test_each_message_to_a_person_takes_6_seconds_of_which_45_may_be_borrowed(
    edge: Edge,
) -> None:
    edge.converse("Hello")
    pace = "UPDATE outbox_pace SET paced_until = now() + %s * interval '1 s' RETURNING paced_until"
    before = edge.value(pace, 250)
    edge.converse("one")
    assert edge.value("SELECT paced_until - %s FROM outbox_pace", before).seconds == 6
    edge.run(pace, 300)  # 44 messages ahead are 264 seconds
    edge.converse("two")
    assert edge.graph.texts == ["Hello", "one"]
    edge.converse("another's", phone="2348000000001", bsuid=None)
    assert edge.graph.texts == ["Hello", "one", "another's"]


def test_the_number_rests_after_each_message(edge: Edge) -> None:
    edge.try_to_converse("Hello")
    assert edge.value("SELECT paced_until FROM whatsapp_numbers")
    edge.write("Hello")
    edge.answer()
    edge.run("UPDATE whatsapp_numbers SET paced_until = now() + interval '1 hour'")
    rest = edge.app.edge.outgoing.claim()
    assert isinstance(rest, float) and 3000 < rest <= 3600


def test_answers_go_before_alerts(edge: Edge) -> None:
    edge.converse("Hello")
    edge.add([Text("an alert")])
    edge.converse("jobs", phone="2348000000001", bsuid=None)
    assert edge.graph.texts == ["Hello", "jobs", "an alert"]


def test_many_senders_send_each_message_once_and_to_each_person_in_order(
    edge: Edge,
) -> None:
    edge.parrot.mind = lambda message: Answer(
        [Text(f"{message.user_id} {n}") for n in range(5)]
    )
    for number in range(6):
        edge.write("Hello", phone=f"2348000000{number:03}", bsuid=None)
    edge.answer()

    def send() -> None:
        while len(edge.graph.accepted) < 30:
            edge.sender.step()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(edge.graph.texts) == 30
    for person in {words.split()[0] for words in edge.graph.texts}:
        own = [words for words in edge.graph.texts if words.split()[0] == person]
        assert own == [f"{person} {n}" for n in range(5)]


# --- addresses and keys


def test_without_a_phone_it_goes_to_her_bsuid(edge: Edge) -> None:
    edge.converse("Hello", phone=None)
    (payload,) = edge.graph.accepted
    assert payload["recipient"] == BSUID and "to" not in payload
    edge.converse("Hello")
    assert edge.graph.accepted[-1]["to"] == f"+{PHONE}"


def test_the_request_is_as_meta_wants_it(edge: Edge) -> None:
    edge.converse("Hello")
    assert edge.graph.requests == [(f"/v25.0/{shapes.NUMBER}/messages", "Bearer token")]
    payload = edge.graph.accepted[0]
    del payload["biz_opaque_callback_data"]
    assert payload == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": f"+{PHONE}",
        "type": "text",
        "text": {"preview_url": False, "body": "Hello"},
    }


def test_what_has_a_key_is_sent_once_whoever_adds_it(edge: Edge) -> None:
    edge.converse("Hello")
    messages = [Text("one"), Buttons("two", [Button("b", "B")])]
    assert edge.add(messages, key="digest-2026-11-21") == 2
    assert edge.add(messages, key="digest-2026-11-21") == 0
    edge.send()
    assert len(edge.graph.accepted) == 3


def test_nobody_is_written_to_who_does_not_use_whatsapp(edge: Edge) -> None:
    with edge.app.database.transaction() as cursor:
        assert edge.outbox.add(cursor, 12345, [Text("Hi")], kind="alert") == 0


def test_no_log_line_holds_a_number_or_a_text(
    edge: Edge, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "whatsapp_bot")
    for code in (190, 130429, 131026, 131056, 131047):
        edge.graph.faults.append(g.refuse(code, details=f"to {PHONE}: my secret words"))
        edge.try_to_converse("my secret words")
        edge.hurry()
    edge.parrot.mind = lambda message: Answer([Text("x")], lambda cursor: 1 / 0)  # type: ignore[arg-type, return-value]
    edge.write("my secret words")
    edge.answering.step()
    assert len(caplog.records) >= 6
    assert "secret" not in caplog.text
    assert PHONE not in caplog.text and BSUID not in caplog.text
