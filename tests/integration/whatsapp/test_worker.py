"""The threads of the daemon, and what the health check says of them."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from tests.acceptance.processes import wait_until
from tests.conftest import AppFactory
from tests.integration.whatsapp.conftest import Edge
from tests.loopback import graph_server as g
from tests.loopback import meta_shapes as shapes
from whatsapp_bot.bootstrap import build_whatsapp_worker
from whatsapp_bot.embedding_health_check import gather
from whatsapp_bot.errors import ConfigError
from whatsapp_bot.records import THINGS
from whatsapp_bot.scheduler_service import SchedulerService
from whatsapp_bot.whatsapp.messages import Answer, Incoming, Text


def whatsapp_lines(edge: Edge) -> dict[str, bool]:
    app = edge.app
    facts = gather(app, {thing: app.store(thing).facts() for thing in THINGS}, False)
    names = (
        "inbox",
        "events",
        "outbox",
        "Graph",
        "WhatsApp",
        "the sender",
        "no alerts",
        "people",
    )
    return {fact.text: fact.is_true for fact in facts if fact.text.startswith(names)}


def test_the_daemon_answers_while_it_embeds_and_stops_when_asked(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The embedding pass ends only after the messages are answered."""
    is_answered = threading.Event()
    service = SchedulerService(replace(edge.app, answerer=edge.parrot))
    monkeypatch.setattr(service, "_embed_due", lambda: is_answered.wait())
    thread = threading.Thread(target=service.run)
    thread.start()
    try:
        edge.write("one", "two")
        wait_until(lambda: edge.graph.texts == ["one", "two"])
        edge.deliver(shapes.value_of(statuses=[shapes.status("wamid.out1", "read")]))
        wait_until(lambda: edge.states == ["read", "accepted"])
    finally:
        service.stop()
        is_answered.set()
        thread.join(30)
    assert not thread.is_alive()
    edge.write("too late")
    assert edge.value("SELECT count(*) FROM inbox WHERE due_at IS NOT NULL") == 1


def test_a_stop_waits_for_the_message_in_hand(edge: Edge) -> None:
    is_begun, may_end = threading.Event(), threading.Event()

    def think(message: Incoming) -> Answer:
        is_begun.set()
        may_end.wait()
        return Answer([Text("thought")])

    edge.parrot.mind = think
    worker = build_whatsapp_worker(replace(edge.app, answerer=edge.parrot))
    assert worker
    worker.start()
    edge.write("Hello")
    assert is_begun.wait(30)
    worker.stop()
    assert not worker.join(0)
    may_end.set()
    assert worker.join(30)
    assert edge.value("SELECT count(*) FROM inbox WHERE handled_at IS NULL") == 0


def test_it_outlives_a_step_that_fails(
    edge: Edge, caplog: pytest.LogCaptureFixture
) -> None:
    edge.run("ALTER TABLE outbox_pace RENAME TO gone")
    worker = build_whatsapp_worker(replace(edge.app, answerer=edge.parrot))
    assert worker
    worker.start()
    edge.write("Hello")
    wait_until(
        lambda: any(r.__dict__["action"] == "step_failed" for r in caplog.records)
    )
    edge.run("ALTER TABLE gone RENAME TO outbox_pace")
    wait_until(lambda: edge.graph.texts == ["Hello"])
    worker.stop()
    assert worker.join(30)


def test_it_outlives_a_look_that_the_database_refuses(
    edge: Edge, caplog: pytest.LogCaptureFixture
) -> None:
    edge.run("ALTER TABLE whatsapp_events RENAME TO gone")
    worker = build_whatsapp_worker(replace(edge.app, answerer=edge.parrot))
    assert worker
    worker.start()
    wait_until(lambda: "listen failed: SchemaMissing" in caplog.text)
    edge.run("ALTER TABLE gone RENAME TO whatsapp_events")
    edge.write("Hello")
    wait_until(lambda: edge.graph.texts == ["Hello"])
    worker.stop()
    assert worker.join(30)


def test_the_conversation_answers(edge: Edge) -> None:
    worker = build_whatsapp_worker(edge.app)
    assert worker
    worker.start()
    edge.write("Hello")
    edge.deliver(shapes.value_of(user_preferences=[shapes.preference("stop", 5)]))
    wait_until(
        lambda: edge.run(
            "SELECT 1 FROM contacts WHERE templates_stopped_at IS NOT NULL"
        )
    )
    wait_until(lambda: edge.graph.requests)
    worker.stop()
    assert worker.join(30)
    assert edge.inbox.facts()["due"] == 0


def test_without_settings_there_is_no_worker(make_app: AppFactory) -> None:
    assert build_whatsapp_worker(make_app()) is None
    with pytest.raises(ConfigError, match="WHATSAPP_TOKEN"):
        build_whatsapp_worker(make_app(WHATSAPP_PHONE_NUMBER_ID="1"))


def test_the_health_check_says_how_it_is(edge: Edge) -> None:
    edge.write("Hello", "Hello")
    lines = whatsapp_lines(edge)
    assert all(lines.values())
    assert any(line.startswith("inbox: 2 due now, the oldest for ") for line in lines)
    edge.answer()
    edge.graph.faults.append(g.refuse(190))
    edge.send_one()
    edge.run("UPDATE outbox SET due_at = now() - interval '10 minutes'")
    false = [line for line, is_true in whatsapp_lines(edge).items() if not is_true]
    assert len(false) == 2
    assert "WHATSAPP_TOKEN is expired or wrong" in false[0]
    assert false[1].startswith("outbox: 2 due now, the oldest for 6")
    assert "WhatsApp today: $0.0000 of $1" in whatsapp_lines(edge)
    edge.hurry()
    edge.graph.always = g.refuse(131009)
    edge.send()
    lines = whatsapp_lines(edge)
    assert lines["outbox: 2 were not as Meta wants them: a bug"] is False
    assert lines["outbox: 2 failed within a day, 0 may have arrived, 0 held"] is True
