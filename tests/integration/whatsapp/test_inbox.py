from __future__ import annotations

import itertools
import json
import random
import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.whatsapp.conftest import Edge
from tests.loopback import meta_shapes as shapes
from tests.loopback.meta_shapes import BSUID, PHONE, text, value_of
from tests.loopback.mutations import mutated, with_one_beside
from whatsapp_bot.bootstrap import build_conversation
from whatsapp_bot.database.database_manager import Cursor
from whatsapp_bot.database.outbox import ClaimedOutgoing
from whatsapp_bot.errors import DatabaseError, SendRefused
from whatsapp_bot.whatsapp.messages import Answer, Incoming, Text
from whatsapp_bot.whatsapp.refusals import Refusals


def seconds_ago(seconds: float) -> str:
    return str(int(datetime.now(UTC).timestamp() - seconds))


def test_a_message_is_answered_once_however_often_it_comes(edge: Edge) -> None:
    said = text("Hello", timestamp=seconds_ago(5))
    for _ in range(3):
        edge.deliver(value_of(messages=[said, said]), value_of(messages=[said]))
        edge.answer()
    edge.send()
    assert edge.parrot.texts == edge.graph.texts == ["Hello"]
    (payload,) = edge.graph.accepted
    assert payload["to"] == f"+{PHONE}"
    outbox_id = edge.value("SELECT id FROM outbox")
    assert payload["biz_opaque_callback_data"] == str(outbox_id)


def test_every_part_of_every_shape_is_stored_once(edge: Edge) -> None:
    body = shapes.body_of(*shapes.EVERY_VALUE)
    for _ in range(2):
        edge.receiver.receive(body)
        assert edge.value("SELECT count(*) FROM inbox") == 12
        assert edge.value("SELECT count(*) FROM whatsapp_events") == 8
    edge.act()
    assert edge.value("SELECT count(*) FROM whatsapp_events WHERE due_at <= now()") == 0
    edge.answer()
    assert len(edge.parrot.heard) == 12


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(mutated())
def test_whatever_is_delivered_is_handled_once(edge: Edge, shape: object) -> None:
    """By the real conversation: none is set aside, however odd it is."""
    edge.parrot.mind = build_conversation(edge.app, edge.contacts).answer
    body = with_one_beside(shape, f"wamid.beside{next(BATCHES)}")
    for _ in range(2):
        edge.receiver.receive(body)
        edge.answer()
        edge.act()
    handled = [message.id for message in edge.parrot.heard]
    assert len(handled) == len(set(handled))
    left = (
        "SELECT (SELECT count(*) FROM inbox WHERE handled_at IS NULL)"
        " + (SELECT count(*) FROM whatsapp_events WHERE last_error IS NOT NULL)"
    )
    assert edge.value(left) == 0


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.integers(0, 2**32))
def test_any_order_batching_and_repetition_answers_each_message_once_and_in_order(
    edge: Edge, seed: int
) -> None:
    chance = random.Random(seed)
    batch = next(BATCHES)
    people = [f"23480{batch:04}{number:03}" for number in range(3)]
    said = [
        text(
            f"{phone} {second}",
            phone=phone,
            bsuid=None,
            timestamp=seconds_ago(60 - second),
        )
        for phone in people
        for second in range(4)
    ]
    deliveries = [*said, *chance.choices(said, k=6)]
    chance.shuffle(deliveries)
    while deliveries:
        size = chance.randint(1, 5)
        edge.deliver(*(value_of(messages=[item]) for item in deliveries[:size]))
        del deliveries[:size]
    edge.parrot.heard.clear()
    edge.answer()
    for phone in people:
        heard = [words for words in edge.parrot.texts if words.startswith(phone)]
        assert heard == [f"{phone} {second}" for second in range(4)]
    assert len(edge.parrot.heard) == len(said)


BATCHES = itertools.count()


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(mutated())
def test_whatever_is_delivered_is_stored_and_what_is_beside_it_too(
    edge: Edge, shape: object
) -> None:
    wamid = f"wamid.beside{next(BATCHES)}"
    rows = (
        "SELECT (SELECT count(*) FROM inbox) + (SELECT count(*) FROM whatsapp_events)"
    )
    body = with_one_beside(shape, wamid)
    edge.receiver.receive(body)
    assert edge.value("SELECT count(*) FROM inbox WHERE wamid = %s", wamid) == 1
    assert (
        edge.value("SELECT count(*) FROM whatsapp_events WHERE body->'raw' ? 'wamid'")
        == 0
    )
    stored = edge.value(rows)
    edge.receiver.receive(body)
    assert edge.value(rows) == stored


def test_within_a_second_they_are_answered_as_they_came(edge: Edge) -> None:
    now = seconds_ago(1)
    edge.write(*(f"{number}" for number in range(20)), timestamp=now)
    edge.write("20", timestamp=now)
    edge.answer()
    assert edge.parrot.texts == [str(number) for number in range(21)]


def test_no_two_messages_of_one_person_are_worked_on_at_once(edge: Edge) -> None:
    edge.write("first", "second")
    edge.write("another's", phone="2348000000001", bsuid=None)
    first = edge.inbox.claim(60)
    other = edge.inbox.claim(60)
    assert first and other
    assert (first.message["text"]["body"], other.message["text"]["body"]) == (
        "first",
        "another's",
    )
    assert edge.inbox.claim(60) is None
    edge.inbox.give_back(first)
    again = edge.inbox.claim(60)
    assert again and (again.id, again.attempts) == (first.id, 1)


def test_many_workers_answer_each_message_once_and_each_person_in_order(
    edge: Edge,
) -> None:
    phones = [f"2348000000{number:03}" for number in range(10)]
    said = [
        text(f"{phone} {n}", phone=phone, bsuid=None)
        for n in range(6)
        for phone in phones
    ]
    edge.deliver(value_of(messages=said))
    threads = [threading.Thread(target=work, args=(edge, len(said))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for phone in phones:
        heard = [words for words in edge.parrot.texts if words.startswith(phone)]
        assert heard == [f"{phone} {n}" for n in range(6)]
    # All are a year old: nothing free-form may be answered to them.
    assert edge.states == []


def work(edge: Edge, messages: int) -> None:
    handled = "SELECT count(*) FROM inbox WHERE handled_at IS NOT NULL"
    while edge.value(handled) < messages:
        edge.answering.step()


def test_a_worker_that_died_after_its_claim_gives_the_message_to_another(
    edge: Edge,
) -> None:
    edge.write("Hello")
    dead = edge.inbox.claim(60)
    assert dead
    edge.answer()
    assert edge.parrot.heard == []  # its lease runs
    edge.run("UPDATE contacts SET busy_until = now()")
    edge.answer()
    assert edge.parrot.texts == ["Hello"]
    # Should it still live: it finds the person another's, and stores nothing.
    edge.parrot.heard.clear()
    edge.answering._answer(dead)
    assert edge.value("SELECT count(*) FROM outbox") == 1


def test_what_an_answer_stores_is_stored_with_it_or_not_at_all(edge: Edge) -> None:
    def store(cursor: Cursor) -> None:
        cursor.raw.execute("UPDATE users SET name = 'stored'")
        if len(edge.parrot.heard) == 1:
            raise DatabaseError("refused")

    edge.parrot.mind = lambda message: Answer([Text("Hi")], store)
    edge.write("Hello")
    edge.answering.step()
    assert edge.value("SELECT name FROM users") is None
    assert edge.states == []
    edge.hurry()
    edge.answer()
    assert edge.value("SELECT name FROM users") == "stored"
    assert edge.states == ["waiting"]


def test_a_message_that_cannot_be_answered_is_set_aside_and_stops_nobody_else(
    edge: Edge, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(message: Incoming) -> Answer:
        if message.text == "poison":
            raise ValueError(f"could not understand {message.text}")
        return Answer([Text(message.text)])

    edge.parrot.mind = fail
    edge.write("poison", "later")
    edge.write("another's", phone="2348000000001", bsuid=None)
    edge.answering.step()
    edge.answering.step()
    assert edge.parrot.texts == ["poison", "another's"]
    for _ in range(4):
        edge.hurry()
        edge.answering.step()
    edge.answering.step()
    assert edge.parrot.texts == ["poison", "another's", *["poison"] * 4, "later"]
    aside = edge.run("SELECT due_at, last_error FROM inbox WHERE handled_at IS NULL")
    assert [row["due_at"] for row in aside] == [None]
    assert aside[0]["last_error"].startswith("ValueError in ")
    assert "poison" not in caplog.text
    assert edge.inbox.facts()["set_aside"] == 1


def test_a_message_that_kills_its_worker_is_set_aside_in_the_end(edge: Edge) -> None:
    edge.write("deadly")
    for _ in range(5):
        assert edge.inbox.claim(60)
        edge.run("UPDATE contacts SET busy_until = now()")
    edge.answer()
    assert edge.parrot.heard == []
    assert edge.inbox.facts()["set_aside"] == 1


def test_a_message_that_comes_a_day_late_changes_things_and_gets_no_answer(
    edge: Edge,
) -> None:
    edge.parrot.mind = lambda message: Answer(
        [Text("too late")], lambda cursor: edge.contacts.stop(cursor, message.user_id)
    )
    edge.write("STOP", timestamp=seconds_ago(25 * 3600))
    edge.answer()
    contact = edge.contacts.find(edge.person)
    assert contact and contact.stopped_at
    assert edge.states == []


def test_what_postgresql_refuses_is_left_out_and_nothing_beside_it(
    edge: Edge, caplog: pytest.LogCaptureFixture
) -> None:
    edge.run(
        "ALTER TABLE inbox ADD CONSTRAINT picky"
        " CHECK (message->'text'->>'body' <> 'refused')"
    )
    edge.write("one", "two", "refused", "three")
    edge.run("ALTER TABLE inbox DROP CONSTRAINT picky")
    edge.answer()
    assert edge.parrot.texts == ["one", "two", "three"]
    assert [record.__dict__["action"] for record in caplog.records] == [
        "message_refused"
    ]
    (aside,) = edge.run("SELECT body FROM whatsapp_events WHERE kind = 'raw'")
    assert "refused" in json.dumps(aside["body"])
    assert "refused'" not in caplog.text


def test_old_texts_are_emptied_and_still_known(edge: Edge) -> None:
    said = text("Hello", timestamp=seconds_ago(5))
    edge.deliver(value_of(messages=[said]))
    edge.answer()
    edge.send()
    assert edge.inbox.forget(keep_days=30) == 0
    for table, column in (("inbox", "received_at"), ("outbox", "created_at")):
        edge.run(f"UPDATE {table} SET {column} = now() - interval '31 days'")
    assert edge.inbox.forget(keep_days=30) == 2
    left = edge.run("SELECT message FROM inbox UNION ALL SELECT message FROM outbox")
    assert [row["message"] for row in left] == [{}, {}]
    edge.deliver(value_of(messages=[said]))
    edge.answer()
    assert edge.parrot.texts == ["Hello"]


# --- who is who


def people(edge: Edge) -> list[tuple[object, object]]:
    rows = edge.run("SELECT wa_id, bsuid FROM contacts ORDER BY user_id")
    return [(row["wa_id"], row["bsuid"]) for row in rows]


@pytest.mark.parametrize("first", range(3))
@pytest.mark.parametrize("step", [1, 2])
def test_a_person_is_one_whichever_address_she_is_told_by(
    edge: Edge, first: int, step: int
) -> None:
    addresses = [(PHONE, None), (None, BSUID), (PHONE, BSUID)]
    order = [addresses[(first + step * n) % 3] for n in range(3)]
    for phone, bsuid in order:
        edge.write("Hi", phone=phone, bsuid=bsuid)
    assert people(edge) == [(PHONE, BSUID)]
    edge.answer()
    assert {message.user_id for message in edge.parrot.heard} == {edge.person}
    assert edge.value("SELECT count(*) FROM users") == 1


def test_her_external_id_is_not_her_number(edge: Edge) -> None:
    edge.write("Hi")
    (user,) = edge.run("SELECT external_id, name FROM users")
    assert (
        user["external_id"].startswith("whatsapp:") and PHONE not in user["external_id"]
    )


def test_a_number_with_another_owner_is_another_person(edge: Edge) -> None:
    edge.write("mine")
    edge.write("mine now", bsuid="NG.another")
    assert people(edge) == [(None, BSUID), (PHONE, "NG.another")]


NEW = "2348099999999"


@pytest.mark.parametrize("is_first", [True, False])
def test_a_changed_number_keeps_the_person(edge: Edge, is_first: bool) -> None:
    """Whether Meta tells it before or after she wrote from the new one."""
    edge.write("from the old one")
    change = value_of(messages=[shapes.number_changed(PHONE, NEW)])
    if is_first:
        edge.deliver(change)
        edge.act()
    edge.write("from the new one", phone=NEW, bsuid="NG.new")
    if not is_first:
        assert len(people(edge)) == 2
        edge.let(lambda cursor, user_id: edge.contacts.stop(cursor, user_id))
        edge.deliver(change)
        edge.act()
    assert people(edge) == [(NEW, "NG.new")]
    edge.answer()
    assert {message.user_id for message in edge.parrot.heard} == {edge.person}
    assert len(edge.parrot.heard) == 2
    contact = edge.contacts.find(edge.person)
    assert contact and bool(contact.stopped_at) is not is_first
    # Her old number is another's by now, and Meta tells of the change once more.
    edge.write("the next owner", bsuid="NG.owner")
    edge.deliver(change)
    edge.act()
    assert people(edge) == [(NEW, "NG.new"), (PHONE, "NG.owner")]


def test_her_conversation_and_her_alerts_move_with_her(edge: Edge) -> None:
    edge.write("from the old one")
    old = edge.person
    edge.write("from the new one", phone=NEW, bsuid="NG.new")
    new = edge.value("SELECT max(id) FROM users")
    # The one with wishes is kept: here the new one, who has said nothing else yet.
    edge.run("INSERT INTO user_preferences (user_id) VALUES (%s)", new)
    edge.run("INSERT INTO conversations (user_id, state) VALUES (%s, 'waiting')", old)
    edge.run(
        "INSERT INTO alert_settings (user_id, cadence, consent_at)"
        " VALUES (%s, 'daily', now())",
        old,
    )
    edge.deliver(value_of(messages=[shapes.number_changed(PHONE, NEW)]))
    edge.act()
    assert edge.person == new
    (talk,) = edge.run("SELECT user_id, state FROM conversations")
    assert (talk["user_id"], talk["state"]) == (new, "waiting")
    (alerts,) = edge.run("SELECT user_id, cadence FROM alert_settings")
    assert (alerts["user_id"], alerts["cadence"]) == (new, "daily")


def test_a_changed_bsuid_keeps_the_person(edge: Edge) -> None:
    edge.write("Hi")
    said = {"type": "user_changed_user_id", "user_id": "NG.new"}
    edge.deliver(value_of(messages=[shapes.message("system", said, phone=None)]))
    edge.act()
    assert people(edge) == [(PHONE, "NG.new")]


def test_the_same_stranger_in_many_deliveries_at_once_is_one_person(edge: Edge) -> None:
    def deliver(number: int) -> None:
        edge.write(str(number))

    threads = [threading.Thread(target=deliver, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert people(edge) == [(PHONE, BSUID)]
    assert edge.value("SELECT count(*) FROM inbox") == 8


def test_deliveries_that_cross_store_each_message_once(edge: Edge) -> None:
    said = [
        text(str(n), phone=f"2348000000{n:03}", bsuid=None, wamid=f"wamid.{n}")
        for n in range(100)
    ]

    def deliver(items: list[shapes.Shape]) -> None:
        edge.deliver(value_of(messages=items))

    threads = [
        threading.Thread(target=deliver, args=(items,))
        for items in (said, said[::-1], said[50:] + said[:50])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert edge.value("SELECT count(*) FROM inbox") == 100
    assert edge.value("SELECT count(*) FROM users") == 100


def test_deleted_data_is_gone_and_a_late_copy_brings_nobody_back(edge: Edge) -> None:
    said = text("delete my data", timestamp=seconds_ago(5))
    edge.parrot.mind = lambda message: Answer(
        [Text("It is gone.")],
        lambda cursor: edge.contacts.delete_person(cursor, message.user_id),
        is_last_word=True,
    )
    edge.deliver(value_of(messages=[said]))
    edge.add([Text("an alert")])
    edge.answer()
    for table in ("users", "contacts", "inbox"):
        assert edge.value(f"SELECT count(*) FROM {table}") == 0
    edge.send()
    assert edge.graph.texts == ["It is gone."]
    assert edge.graph.accepted[0]["to"] == f"+{PHONE}"
    edge.deliver(value_of(messages=[said]))
    edge.answer()
    left = ["users", "contacts", "inbox", "outbox", "outbox_pace", "whatsapp_events"]
    for table in left:
        assert edge.value(f"SELECT count(*) FROM {table}") == 0, table
    hashes = json.dumps(edge.run("SELECT wamid_hash FROM forgotten_messages"))
    assert said["id"] not in hashes and PHONE not in hashes
    edge.write("Hello again", wamid="wamid.later")
    assert edge.value("SELECT count(*) FROM users") == 1


def test_after_the_farewell_nothing_is_sent(edge: Edge) -> None:
    edge.converse("Hello")
    edge.add([Text("an alert")])
    edge.add([Text("another")])
    claimed = edge.app.edge.outgoing.claim()
    assert isinstance(claimed, ClaimedOutgoing)  # and it is on its way
    edge.parrot.mind = lambda message: Answer(
        [Text("It is gone.")],
        lambda cursor: edge.contacts.delete_person(cursor, message.user_id),
        is_last_word=True,
    )
    edge.write("delete my data", wamid="wamid.2")
    edge.answer()
    assert edge.value("SELECT due_at > created_at FROM outbox")
    refusals = Refusals(edge.app.edge.outgoing, edge.contacts, edge.app.edge.number)
    for code in (131000, 131056, 131047, 131026):
        with edge.app.database.transaction() as cursor:
            refusals.apply(cursor, claimed, SendRefused(code, None, 400))
    edge.app.edge.outgoing.accept(claimed, "wamid.out")
    for _ in range(2):
        edge.hurry()
        edge.send()
    assert edge.graph.texts == ["Hello", "It is gone."]
    assert edge.value("SELECT count(*) FROM outbox") == 0


def test_the_window_is_counted_from_her_newest_message_by_metas_clock(
    edge: Edge,
) -> None:
    newest = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)
    for hours in (3, 30, 5):
        sent_at = newest - timedelta(hours=hours - 3)
        edge.write("Hi", timestamp=str(int(sent_at.timestamp())))
        edge.answer()
    contact = edge.contacts.find(edge.person)
    assert contact and contact.last_message_at == newest
