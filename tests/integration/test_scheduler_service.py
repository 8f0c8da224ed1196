from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import datetime

import pytest

from tests.acceptance.processes import PATIENCE_SECONDS
from tests.conftest import AppFactory, Factory
from tests.loopback.openai_server import OpenAIServer
from whatsapp_bot.bootstrap import App
from whatsapp_bot.errors import DatabaseError, DatabaseUnavailable
from whatsapp_bot.records import TaskRun
from whatsapp_bot.scheduler_service import SchedulerService


def runs_of(app: App) -> dict[str, TaskRun]:
    return {run.task: run for run in app.tasks.list()}


@pytest.fixture
def service(app: App) -> Iterator[SchedulerService]:
    yield SchedulerService(app)
    app.listener.close()


def test_a_task_that_raises_starves_no_other(
    app: App, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> int:
        raise ZeroDivisionError("by intention")

    monkeypatch.setattr(app.upkeep, "expire_jobs", fail)
    service = SchedulerService(app)
    with caplog.at_level(logging.ERROR):
        service.run_all_tasks()
    runs = runs_of(app)
    assert "by intention" in str(runs["expire_jobs"].last_error)
    assert runs["expire_jobs"].seconds_since_ok is None
    for task in ("embed_users", "embed_jobs", "reconcile", "refresh_stale"):
        assert runs[task].last_error is None
        assert runs[task].seconds_since_ok is not None
    assert [r.__dict__["action"] for r in caplog.records] == ["task_failed"]


def make_all_tasks_due(service: SchedulerService) -> None:
    for job in service._timetable.jobs:
        job.next_run = datetime.min


def test_the_timetable_is_kept_while_an_embedding_pass_goes_on(
    app: App, service: SchedulerService, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_embedding, may_end, is_expired_again = (threading.Event() for _ in range(3))

    def embed() -> None:
        is_embedding.set()
        may_end.wait()

    monkeypatch.setattr(service._pass, "embed", embed)
    thread = threading.Thread(target=service.run)
    thread.start()
    try:
        assert is_embedding.wait(PATIENCE_SECONDS)
        monkeypatch.setattr(app.upkeep, "expire_jobs", is_expired_again.set)
        make_all_tasks_due(service)
        assert is_expired_again.wait(PATIENCE_SECONDS)
    finally:
        service.stop()
        may_end.set()
        thread.join()


def test_a_start_that_the_database_missed_is_made_up_for(
    app: App, service: SchedulerService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def be_away() -> None:
        raise DatabaseUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(app.upkeep, "forget_denials", be_away)
        service.run_all_tasks()
    assert runs_of(app)["start"].seconds_since_ok is None
    tasks = len(service._timetable.jobs)
    make_all_tasks_due(service)
    service._timetable.run_pending()
    assert runs_of(app)["start"].seconds_since_ok is not None
    assert len(service._timetable.jobs) == tasks - 1


def test_after_a_stop_no_task_is_begun(app: App, service: SchedulerService) -> None:
    service.stop()
    service.run()
    assert runs_of(app) == {}


def test_in_one_pass_too_a_task_that_raises_stops_no_other(
    app: App,
    make: Factory,
    service: SchedulerService,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail() -> int:
        raise DatabaseError("canceling statement due to statement timeout")

    monkeypatch.setattr(app.upkeep, "expire_jobs", fail)
    make.job("Nurse")
    with pytest.raises(DatabaseError, match="timeout"):
        service.run_once()
    assert app.store("job").facts().embedded == 1
    assert "timeout" in str(runs_of(app)["expire_jobs"].last_error)
    assert "task expire_jobs failed: DatabaseError: canceling" in caplog.text


def test_a_pass_ends_at_once_where_the_database_is_away(
    app: App, service: SchedulerService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def be_away() -> int:
        raise DatabaseUnavailable

    monkeypatch.setattr(app.upkeep, "expire_jobs", be_away)
    with pytest.raises(DatabaseUnavailable):
        service.run_once()
    assert "reconcile" not in runs_of(app)


def test_after_a_long_stop_a_batch_is_fetched_before_its_rows_are_paid_again(
    app: App, make: Factory, openai_server: OpenAIServer, service: SchedulerService
) -> None:
    make.job("Nurse")
    batches = app.batch_services.live()
    assert batches is not None
    batches.submit()
    openai_server.batches.complete()
    with app.database.transaction() as cursor:
        cursor.raw.execute("UPDATE job_embeddings SET due_at = now()")
    assert service.run_once().embedded == 0
    assert app.store("job").facts().embedded == 1
    assert openai_server.record.requests == 0


def test_without_an_open_batch_nobody_asks_for_one(
    app: App, openai_server: OpenAIServer, service: SchedulerService
) -> None:
    service.run_all_tasks()
    assert not openai_server.batches.calls


def test_one_pass_embeds_expires_and_finds_gaps(
    app: App, make: Factory, service: SchedulerService
) -> None:
    make.job("Nurse")
    lost = make.job("Cook")
    with app.database.transaction() as cursor:
        cursor.raw.execute("DELETE FROM job_embeddings WHERE job_id = %s", (lost,))
    assert service.run_once().embedded == 2
    with app.database.transaction() as cursor:
        cursor.raw.execute("UPDATE canonical_jobs SET first_seen_date = '2020-01-01'")
        # As if the trigger had been off, and the jobs had only grown old.
        cursor.raw.execute(
            "INSERT INTO job_embeddings (job_id, model, fresh_on) VALUES (%s, %s, now())",
            (lost, app.live_model.name),
        )
    service.run_once()
    assert app.store("job").facts().embedded == 0
    assert runs_of(app)["embed_due"].last_error is None


def test_stale_rows_are_looked_at_again_and_cost_nothing_unchanged(
    app: App, make: Factory, service: SchedulerService, openai_server: OpenAIServer
) -> None:
    make.job("Nurse")
    service.run_once()
    with app.database.transaction() as cursor:
        cursor.raw.execute(
            "UPDATE job_embeddings SET checked_at = now() - interval '31 days'"
        )
    assert app.upkeep.refresh_stale("job", days=30) == 1
    assert service.run_once().unchanged == 1
    assert app.upkeep.refresh_stale("job", days=30) == 0
    assert openai_server.record.inputs_billed == 1


def test_another_template_embeds_everything_anew(
    make_app: AppFactory, openai_server: OpenAIServer
) -> None:
    app = make_app()
    make = Factory(app)
    make.job("Nurse")
    make.user(job_roles=["Nurse"])
    SchedulerService(app).run_once()
    other = make_app(EMBEDDING_TEMPLATE="everything-1")
    assert SchedulerService(other).run_once().embedded == 2
    assert SchedulerService(other).run_once().embedded == 0
    assert "Job title: Nurse. Job function: Health Care" in openai_server.record.texts


def test_the_vector_index_is_built_once_the_live_set_is_large(
    app: App, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whatsapp_bot.embeddings.index_keeper.INDEX_FROM", 3)
    service = SchedulerService(app)
    for i in range(2):
        make.job(f"Nurse {i}")
    service.run_once()
    assert not app.models.has_index(app.live_model.name)
    make.job("Cook")
    service.run_once()
    assert app.models.has_index(app.live_model.name)


def test_what_nobody_enriched_is_read_beside_the_vectors(
    app: App, make: Factory, service: SchedulerService
) -> None:
    make.job("Senior Nurse")
    missed = make.job("Head of Sales")
    with app.database.transaction() as cursor:  # as if the trigger had been off
        cursor.raw.execute("DELETE FROM job_enrichments WHERE job_id = %s", (missed,))
    service._tasks.find_unread()
    service._embed_due()
    service._enrich_thread.join()
    facts = app.enrichment.store.facts()
    assert (facts["made"], facts["due"]) == (2, 0)
    assert runs_of(app)["enrich_jobs"].last_error is None
