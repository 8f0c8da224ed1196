"""--once: what is due on WhatsApp is handled, and the pass ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.conftest import AppFactory, Factory
from tests.integration.whatsapp.conftest import Edge
from tests.loopback import graph_server as g
from tests.loopback import meta_shapes as shapes
from whatsapp_bot.bootstrap import build_whatsapp_pass
from whatsapp_bot.errors import ConfigError
from whatsapp_bot.scheduler_service import SchedulerService
from whatsapp_bot.whatsapp.messages import Answer, Incoming


@pytest.fixture
def service(edge: Edge) -> Iterator[SchedulerService]:
    yield SchedulerService(replace(edge.app, answerer=edge.parrot))
    # The database is that of the other tests too, the provider's port is not.
    edge.run("TRUNCATE canonical_jobs, task_runs, embedding_models CASCADE")


def test_what_is_due_is_answered_and_sent_in_order_and_once(
    edge: Edge, service: SchedulerService
) -> None:
    edge.write("one", "two", "three")
    service.run_once()
    assert edge.graph.texts == ["one", "two", "three"]
    assert edge.states == ["accepted"] * 3
    edge.deliver(shapes.value_of(statuses=[shapes.status("wamid.out1", "read")]))
    service.run_once()
    assert edge.states == ["read", "accepted", "accepted"]
    assert edge.graph.texts == ["one", "two", "three"]


def test_who_is_due_is_told_in_the_same_pass(
    edge: Edge, service: SchedulerService
) -> None:
    edge.wants_alerts("Driver")
    Factory(edge.app).job("Driver", company="Dangote")
    service.run_once()
    assert len(edge.graph.accepted) == 1  # what else comes soon is told with it
    edge.run("UPDATE pending_alerts SET found_at = now() - interval '1 hour'")
    edge.run("UPDATE alert_settings SET due_at = now()")
    service.run_once()
    assert [m["type"] for m in edge.graph.accepted] == ["text", "interactive"]


def test_a_pass_ends_where_meta_or_a_message_must_wait(
    edge: Edge, service: SchedulerService
) -> None:
    edge.write("Hello")
    edge.graph.always = g.refuse(190)
    service.run_once()
    assert edge.app.edge.number.facts()["stop_reason"]
    assert edge.app.edge.number.facts()["due"] == 1
    requests = len(edge.graph.requests)

    def stumble(message: Incoming) -> Answer:
        raise KeyError(message.text)

    edge.parrot.mind = stumble
    edge.write("Hello again")
    edge.graph.always = None
    service.run_once()  # with another token, maybe
    assert edge.graph.texts == ["Hello"]
    assert len(edge.graph.requests) == requests + 1
    error = "SELECT last_error FROM inbox WHERE due_at IS NOT NULL"
    assert str(edge.value(error)).startswith("KeyError in ")


def test_old_messages_are_forgotten_without_a_daemon_too(
    edge: Edge, service: SchedulerService
) -> None:
    edge.converse("Hello")
    edge.run("UPDATE inbox SET received_at = now() - interval '31 days'")
    service.run_once()
    assert edge.value("SELECT message FROM inbox") == {}


def test_a_pass_needs_what_the_daemon_needs(make_app: AppFactory) -> None:
    assert build_whatsapp_pass(make_app()) is None
    with pytest.raises(ConfigError, match="WHATSAPP_TOKEN"):
        build_whatsapp_pass(make_app(WHATSAPP_PHONE_NUMBER_ID="1"))
