"""She asks for a person, and one answers."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.whatsapp.conftest import LEASE_SECONDS, Edge
from tests.integration.whatsapp.test_worker import whatsapp_lines
from whatsapp_bot.bootstrap import build_conversation, build_people_waiting
from whatsapp_bot.bot.people_waiting import FORGOTTEN, PeopleWaiting
from whatsapp_bot.errors import DatabaseConflict, InputError, NotFound
from whatsapp_bot.whatsapp.answering import Answering
from whatsapp_bot.whatsapp.messages import Incoming


@pytest.fixture
def people(edge: Edge) -> PeopleWaiting:
    """She has asked for a person, with the conversation at work."""
    conversation = build_conversation(edge.app, edge.contacts)
    edge.answering = Answering(
        edge.app.database,
        edge.inbox,
        edge.outbox,
        conversation,
        edge.marks,
        LEASE_SECONDS,
    )
    edge.converse("human")
    return build_people_waiting(edge.app)


def said(people: PeopleWaiting, messages: int = 6) -> list[tuple[str, str]]:
    (waiting,) = people.list(20, messages)
    return [("she" if s.is_hers else "we", s.text) for s in waiting.said]


def test_she_is_listed_with_what_was_said_last(
    edge: Edge, people: PeopleWaiting
) -> None:
    edge.converse("thanks\n\x1b[2J\u202eyou", "help")
    (waiting,) = people.list(20, 6)
    assert waiting.person.user_id == edge.person
    assert waiting.person.language == "en"
    assert waiting.person.since <= waiting.said[-1].at
    hers = [text for who, text in said(people) if who == "she"]
    assert hers == ["human", "thanks [2J you", "help"]
    ours = [text for who, text in said(people) if who == "we"]
    assert ours[0].startswith("A person will read your messages")
    assert ours[-1].startswith("Tell me what work you want")
    assert said(people, 1) == [("we", ours[-1])]
    edge.run("UPDATE inbox SET message = '{}'")
    assert ("she", FORGOTTEN) in said(people)


def test_an_answer_is_sent_and_the_wait_goes_on_until_it_is_ended(
    edge: Edge, people: PeopleWaiting, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        people.answer(edge.person, "Which job was it?", datetime.now(UTC))
        edge.send()
        edge.converse("the driver one")  # answered by the bot too
        people.answer(edge.person, "It is gone.", datetime.now(UTC))
        edge.send()
    texts = [m["text"]["body"] for m in edge.graph.accepted if m["type"] == "text"]
    assert "Which job was it?" in texts and texts[-1] == "It is gone."
    assert len(edge.graph.accepted) == 4
    assert edge.app.conversations.people_facts()["waiting"] == 1
    people.end(edge.person)
    assert people.list(20, 6) == []
    phone = edge.value("SELECT wa_id FROM contacts")
    for word in (phone, "driver one", "It is gone"):
        assert word not in caplog.text
    with pytest.raises(NotFound, match="does not wait"):
        people.end(edge.person)
    with pytest.raises(NotFound, match="does not wait"):
        people.answer(edge.person, "Hello", datetime.now(UTC))


def test_who_cannot_be_answered_is_named_with_why(
    edge: Edge, people: PeopleWaiting
) -> None:
    with pytest.raises(InputError, match="1 to 4096 characters"):
        people.answer(edge.person, "  ", datetime.now(UTC))
    with pytest.raises(InputError, match="1 to 4096 characters"):
        people.answer(edge.person, "x" * 4097, datetime.now(UTC))
    with pytest.raises(InputError, match="more than 24 hours ago"):
        people.answer(edge.person, "Hi", datetime.now(UTC) + timedelta(days=1))
    edge.run("UPDATE contacts SET last_message_at = NULL")
    with pytest.raises(InputError, match="window is closed"):
        people.answer(edge.person, "Hi", datetime.now(UTC))
    edge.run("UPDATE contacts SET last_message_at = now(), stopped_at = now()")
    with pytest.raises(InputError, match="asked to stop"):
        people.answer(edge.person, "Hi", datetime.now(UTC))
    assert edge.states == ["accepted"]


def test_a_message_that_is_being_answered_does_not_bring_the_wait_back(
    edge: Edge, people: PeopleWaiting
) -> None:
    conversation = build_conversation(edge.app, edge.contacts)
    message = Incoming(9, edge.person, "text", datetime.now(UTC), text="help")
    answer = conversation.answer(message)
    people.end(edge.person)
    with (
        pytest.raises(DatabaseConflict),
        edge.app.database.transaction() as cursor,
    ):
        answer.store(cursor)
    edge.converse("help")
    assert people.list(20, 6) == []


def test_the_health_check_fails_when_somebody_waits_for_long(
    edge: Edge, people: PeopleWaiting
) -> None:
    (line,) = [text for text in whatsapp_lines(edge) if text.startswith("people")]
    assert line.startswith("people: 1 on WhatsApp, 0 stopped, 1 wait for a person, the")
    assert whatsapp_lines(edge)[line]
    edge.run("UPDATE conversations SET needs_person_at = now() - interval '13 hours'")
    false = [text for text, is_true in whatsapp_lines(edge).items() if not is_true]
    assert len(false) == 1 and "the longest for 468" in false[0]
    people.end(edge.person)
    assert whatsapp_lines(edge)["people: 1 on WhatsApp, 0 stopped, 0 wait for a person"]
