"""A new job, from its vector to the phone: all of it, with a Meta that takes it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.conftest import Factory
from tests.integration.whatsapp.conftest import Edge
from tests.loopback.meta_shapes import PHONE
from whatsapp_bot.bootstrap import build_digests
from whatsapp_bot.embedding_health_check import gather
from whatsapp_bot.records import THINGS
from whatsapp_bot.scheduler_service import SchedulerService


@pytest.fixture
def service(edge: Edge) -> Iterator[SchedulerService]:
    yield SchedulerService(edge.app)
    # The database is that of the other tests too.
    edge.run("TRUNCATE canonical_jobs, task_runs CASCADE")


def facts_of(edge: Edge) -> list[tuple[bool, str]]:
    app = edge.app
    embeddings = {thing: app.store(thing).facts() for thing in THINGS}
    return [
        (fact.is_true, fact.text)
        for fact in gather(app, embeddings, with_probe=False)
        if fact.text.startswith(("alerts", "task find_people", "task send"))
    ]


def test_the_daemon_finds_her_tells_her_and_says_how_it_stands(
    edge: Edge, service: SchedulerService
) -> None:
    edge.wants_alerts("Driver")
    job = Factory(edge.app).job("Driver", company="Dangote")
    assert (True, "alerts: 0 jobs pending for 0 people") in facts_of(edge)

    service.run_once()
    *tasks, pending, due = facts_of(edge)
    assert pending[0] and "1 jobs pending for 1 people, the oldest for" in pending[1]
    assert due == (
        True,
        "alerts: 0 people due now, 0 new jobs not held against people yet",
    )
    assert [is_true for is_true, _ in tasks] == [True, True]

    # Some minutes later.
    in_a_while = datetime.now(UTC) + timedelta(minutes=6)
    assert build_digests(edge.app, lambda: in_a_while).send_due() == 1
    edge.send()
    (sent,) = [m for m in edge.graph.accepted if m["type"] == "interactive"]
    (row,) = sent["interactive"]["action"]["sections"][0]["rows"]
    assert sent["to"] == f"+{PHONE}"
    assert row["id"] == f"1:job:{job}"

    edge.run("UPDATE alert_settings SET due_at = now() - interval '1 hour'")
    assert [text for is_true, text in facts_of(edge) if not is_true] == [
        "alerts: 1 people due now, the oldest for 3600 s, "
        "0 new jobs not held against people yet"
    ]
