"""What a person sees of her own message: blue ticks, and "typing…" where it takes a while."""

from __future__ import annotations

import pytest

from tests.integration.whatsapp.conftest import Edge
from tests.loopback import meta_shapes as shapes
from whatsapp_bot.whatsapp.graph_api import GraphApi
from whatsapp_bot.whatsapp.messages import Answer, Incoming, Text
from whatsapp_bot.whatsapp.read_marks import (
    FRESH_SECONDS,
    REST_SECONDS,
    SLOW_SECONDS,
    TROUBLE_SECONDS,
    ReadMarks,
)


def test_what_is_answered_at_once_is_marked_after_that(edge: Edge) -> None:
    marked: list[float] = []

    def reply(message: Incoming) -> Answer:
        marked.append(edge.marks.step())
        return Answer([Text("Hi")])

    edge.parrot.mind = reply
    edge.write("Hello", "again")
    edge.answer()
    assert marked == [0, 0] and edge.graph.marks == []
    assert edge.marks.step() == REST_SECONDS
    newest = edge.value("SELECT wamid FROM inbox ORDER BY id DESC LIMIT 1")
    read = {"messaging_product": "whatsapp", "status": "read", "message_id": newest}
    assert edge.graph.marks == [read]
    assert edge.marks.step() == 0


def test_what_takes_a_while_is_marked_at_once_and_she_sees_typing(edge: Edge) -> None:
    def think(message: Incoming) -> Answer:
        edge.now += SLOW_SECONDS
        assert edge.marks.step() == REST_SECONDS
        return Answer([Text("thought")])

    edge.parrot.mind = think
    edge.write("Hello")
    edge.answer()
    [mark] = edge.graph.marks
    assert mark["typing_indicator"] == {"type": "text"}
    assert edge.graph.accepted == []
    assert edge.marks.step() == 0
    assert len(edge.graph.marks) == 1


@pytest.mark.parametrize("answer", [Answer([Text("Bye")], is_last_word=True), Answer()])
def test_whoever_asked_for_silence_sees_nothing(edge: Edge, answer: Answer) -> None:
    edge.converse("Hello")
    edge.parrot.mind = lambda message: answer
    edge.write("stop")
    edge.answer()
    assert edge.marks.step() == 0
    edge.let(edge.contacts.stop)

    def think(message: Incoming) -> Answer:
        edge.now += SLOW_SECONDS
        edge.marks.step()
        return Answer([Text("Are you there?")])

    edge.parrot.mind = think
    edge.write("Hm")
    edge.answer()
    assert edge.marks.step() == 0
    assert edge.graph.marks == []


def test_what_could_not_be_answered_is_not_marked(edge: Edge) -> None:
    def fail(message: Incoming) -> Answer:
        raise ValueError

    edge.parrot.mind = fail
    edge.write("Hello")
    edge.answer()
    assert edge.marks.step() == 0 and edge.graph.marks == []


def test_a_mark_that_comes_too_late_is_left_out(edge: Edge) -> None:
    edge.write("Hello")
    edge.answer()
    edge.now += FRESH_SECONDS
    assert edge.marks.step() == 0 and edge.graph.marks == []


def test_a_mark_that_fails_is_no_error(edge: Edge) -> None:
    api = GraphApi("http://127.0.0.1:1", "v25.0", shapes.NUMBER, "token")
    marks = ReadMarks(api, lambda: 0.0)
    marks.begin(1, "wamid.1")
    marks.end(1, is_answered=True)
    assert marks.step() == TROUBLE_SECONDS
    assert marks.step() == 0
    api.close()
