"""POST /embeddings/generate, and the jobs behind it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.acceptance.processes import wait_until
from tests.acceptance.rows import Rows
from tests.integration.web.conftest import Site
from tests.loopback import faults as f
from tests.loopback.openai_server import OpenAIServer
from whatsapp_bot.database.admin_jobs import AdminJobStore
from whatsapp_bot.records import AdminCounts


@contextmanager
def held_provider(server: OpenAIServer) -> Iterator[threading.Event]:
    """It does not answer before the end; set: it has got a request."""
    arrived, leave = threading.Event(), threading.Event()

    def hold(text: str) -> bool:
        arrived.set()
        leave.wait(20)
        return False

    server.faults.poison(hold)
    try:
        yield arrived
    finally:
        leave.set()


def test_it_embeds_as_many_as_asked_for_and_says_how_it_went(
    site: Site, rows: Rows, openai_server: OpenAIServer
) -> None:
    rows.add_jobs(25)
    rows.add_user("Nurse")
    answer = site.generate(limit=10)
    assert answer.status_code == 200
    said = answer.json()
    assert (said["state"], said["entity_type"]) == ("done", "jobs")
    assert (said["total_processed"], said["successful"]) == (10, 10)
    assert (said["failed"], said["skipped"], said["errors"]) == (0, 0, [])
    assert said["dollars"] > 0 and said["message"] is None
    assert (rows.vectors("job"), rows.vectors("user")) == (10, 0)
    assert openai_server.record.inputs_billed == 10
    assert site.generate("users").json()["successful"] == 1
    assert rows.vectors("user") == 1


def test_asked_again_it_embeds_the_rest_and_then_nothing(
    site: Site, rows: Rows, openai_server: OpenAIServer
) -> None:
    rows.add_jobs(15)
    counts = [site.generate(limit=10).json()["total_processed"] for _ in range(3)]
    assert counts == [10, 5, 0]
    assert openai_server.record.inputs_billed == 15


def test_a_row_that_no_trigger_told_of_is_embedded_too(site: Site, rows: Rows) -> None:
    rows.run("SET session_replication_role = replica")  # no triggers
    rows.add_jobs(2)
    rows.run("RESET session_replication_role")
    assert site.generate().json()["successful"] == 2


def test_a_limit_holds_over_all_threads(
    make_site: Callable[..., Site], rows: Rows
) -> None:
    site = make_site(EMBEDDING_BATCH_SIZE="7", EMBEDDING_CONCURRENCY="4")
    rows.add_jobs(60)
    assert site.generate(limit=40).json()["successful"] == 40
    assert rows.vectors() == 40


def test_forced_it_embeds_anew_and_goes_on_with_others_at_the_next_call(
    site: Site, rows: Rows, openai_server: OpenAIServer
) -> None:
    rows.add_jobs(9)
    site.generate()
    before = openai_server.record.texts.copy()
    assert site.generate(limit=5, force=True).json()["successful"] == 5
    assert site.generate(limit=4, force=True).json()["successful"] == 4
    again = openai_server.record.texts - before
    assert set(again.values()) == {1} and len(again) == 9
    assert (rows.due, rows.put_off, rows.vectors()) == (0, 0, 9)


def test_forced_with_a_larger_limit_each_row_is_embedded_once(
    make_site: Callable[..., Site], rows: Rows, openai_server: OpenAIServer
) -> None:
    site = make_site(EMBEDDING_BATCH_SIZE="2")
    rows.add_jobs(5)
    assert site.generate(limit=1000, force=True).json()["successful"] == 5
    assert set(openai_server.record.texts.values()) == {1}


def test_a_row_that_is_refused_stops_no_other_and_is_named(
    site: Site, rows: Rows, openai_server: OpenAIServer
) -> None:
    rows.add_jobs(5)
    bad = rows.add_job("Poison taster")
    openai_server.faults.poison(lambda text: "oison" in text)
    said = site.generate().json()
    assert (said["total_processed"], said["successful"], said["failed"]) == (6, 5, 1)
    (error,) = said["errors"]
    assert error.startswith(f"job {bad}: ")


def test_a_closed_job_is_not_embedded_even_when_forced(site: Site, rows: Rows) -> None:
    rows.add_jobs(2)
    rows.run("UPDATE canonical_jobs SET status = 'closed' WHERE source_id = 'job-1'")
    assert site.generate(force=True).json()["total_processed"] == 1


def test_rows_with_nothing_to_embed_are_skipped(site: Site, rows: Rows) -> None:
    rows.add_user()
    said = site.generate("users").json()
    assert (said["total_processed"], said["skipped"]) == (1, 1)


def test_a_provider_that_limits_costs_no_row_and_the_reason_is_said(
    site: Site, rows: Rows, openai_server: OpenAIServer
) -> None:
    rows.add_jobs(3)
    openai_server.faults.always(f.rate_limited(retry_after=60))
    said = site.generate().json()
    assert (said["state"], said["total_processed"]) == ("failed", 0)
    assert said["put_off"] == 3
    assert "left alone" in said["message"]
    assert rows.value("SELECT max(attempts) FROM job_embeddings") == 0


def test_without_a_key_it_says_which_setting_is_missing(
    make_site: Callable[..., Site],
) -> None:
    make_site(OPENAI_BASE_URL="")  # with a key: OpenAI's model is live
    site = make_site(OPENAI_API_KEY="", OPENAI_BASE_URL="")
    answer = site.generate()
    assert answer.status_code == 503
    assert "OPENAI_API_KEY" in answer.json()["error"]


def test_long_work_goes_on_after_the_answer_and_can_be_asked_about(
    site: Site, rows: Rows, openai_server: OpenAIServer
) -> None:
    rows.add_jobs(3)
    with held_provider(openai_server) as arrived:
        answer = site.generate(wait_seconds=0)
        assert (answer.status_code, answer.json()["state"]) == (202, "running")
        job_id = answer.json()["id"]
        assert answer.headers["location"] == f"/api/v1/admin/jobs/{job_id}"
        assert arrived.wait(20)
        assert site.get(f"jobs/{job_id}").json()["state"] == "running"
        second = site.generate()
        assert second.status_code == 409
        assert f"/api/v1/admin/jobs/{job_id}" in second.json()["error"]
        assert site.generate("users").status_code == 200
    wait_until(lambda: site.get(f"jobs/{job_id}").json()["state"] == "done")
    assert site.get(f"jobs/{job_id}").json()["successful"] == 3
    listed = site.get("jobs", limit=2).json()["jobs"]
    assert [job["entity_type"] for job in listed] == ["users", "jobs"]
    assert site.get("jobs/999999").status_code == 404


def test_a_job_whose_process_died_is_lost_and_bars_no_other(
    site: Site, rows: Rows
) -> None:
    dead = AdminJobStore(site.app.database, hold_seconds=0).begin("job", False, 10)
    assert dead is not None
    rows.add_jobs(1)
    assert site.get(f"jobs/{dead.id}").json()["state"] == "lost"
    assert site.generate().json()["successful"] == 1
    # Should it be alive after all, it learns that it is not wanted.
    jobs = AdminJobStore(site.app.database)
    assert not jobs.hold(dead.id, AdminCounts(successful=3))
    jobs.finish(dead.id, "done", AdminCounts(successful=3), [], None)
    assert site.get(f"jobs/{dead.id}").json()["state"] == "lost"


def test_while_it_lives_it_says_so(
    site: Site,
    rows: Rows,
    openai_server: OpenAIServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("whatsapp_bot.web.job_runner.BEAT_SECONDS", 0.02)
    rows.add_jobs(1)
    held_until = "SELECT held_until FROM admin_jobs"
    with held_provider(openai_server):
        site.generate(wait_seconds=0)
        before = rows.value(held_until)
        wait_until(lambda: rows.value(held_until) > before)


def test_of_two_that_begin_at_once_one_does(site: Site) -> None:
    jobs = AdminJobStore(site.app.database)
    barrier = threading.Barrier(4)
    begun = []

    def begin() -> None:
        barrier.wait()
        begun.append(jobs.begin("job", False, 10))

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([job for job in begun if job]) == 1
