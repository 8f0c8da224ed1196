"""Another model is filled and made live while people search all the time."""

from __future__ import annotations

import threading
from dataclasses import replace

from tests.acceptance.processes import wait_until
from tests.acceptance.rows import Rows
from tests.conftest import AppFactory
from tests.engine.conftest import in_threads
from tests.loopback.openai_server import OpenAIServer
from whatsapp_bot.bootstrap import App
from whatsapp_bot.records import SearchResult

SEARCHERS = 4
JOBS = 300
SWITCHES = 6


def add_other_model(app: App) -> str:
    """Of another length: to compare vectors of both would raise."""
    other = replace(app.live_model, name="other", dimensions=32, is_live=False)
    app.models.add(other)
    for thing in ("user", "job"):
        app.upkeep.reconcile(thing)
    return other.name


def test_searches_go_on_while_the_model_is_changed(
    make_app: AppFactory, openai_server: OpenAIServer, rows: Rows
) -> None:
    app = make_app(EMBEDDING_BATCH_SIZE="25")
    user = rows.add_user("Accountant")
    rows.add_jobs(JOBS)
    app.generator.embed_due()
    results: list[SearchResult] = []
    is_over = threading.Event()

    def search() -> None:
        while not is_over.is_set():
            results.append(app.controller.search_jobs_for_user(user))

    def let_them_search() -> None:
        count = len(results)
        wait_until(lambda: len(results) >= count + 2 * SEARCHERS)

    def change() -> None:
        try:
            let_them_search()
            first, other = app.live_model.name, add_other_model(app)
            openai_server.delay = 0.02
            app.generator.embed_due()
            assert rows.vectors() == 2 * JOBS
            for switch in range(SWITCHES):
                app.models.use(first if switch % 2 else other)
                let_them_search()
            app.models.use(other)
            app.models.drop(first)
            let_them_search()
        finally:
            is_over.set()

    in_threads(change, *[search] * SEARCHERS)
    assert len(results) > (SWITCHES + 2) * SEARCHERS
    assert all(result.matches for result in results)
    reasons = [result.fallback_reason for result in results if result.fallback_reason]
    # Only a search that had chosen the first model when that was dropped finds no
    # vectors; it answers by words.
    assert len(reasons) <= SEARCHERS, reasons
    live = app.models.live()
    assert live is not None and live.dimensions == 32
    dimensions = "SELECT array_agg(DISTINCT vector_dims(embedding)) FROM job_vectors"
    assert rows.value(dimensions) == [32]


def test_every_answer_is_of_one_model(app: App, rows: Rows) -> None:
    """Jobs that only one of the models knows never come together."""
    user = rows.add_user("Accountant")
    rows.add_jobs(40)
    app.generator.embed_due()
    add_other_model(app)
    app.generator.embed_due()
    rows.run("DELETE FROM job_vectors WHERE model = 'other' AND job_id % 2 = 0")
    rows.run("DELETE FROM job_vectors WHERE model <> 'other' AND job_id % 2 = 1")
    answers: list[set[int]] = []
    is_over = threading.Event()

    def search() -> None:
        while not is_over.is_set():
            result = app.controller.search_jobs_for_user(user)
            assert result.matcher == "embedding", result.fallback_reason
            answers.append({match.job_id % 2 for match in result.matches})

    def switch() -> None:
        try:
            for name in ("other", app.live_model.name) * 5:
                app.models.use(name)
                count = len(answers)
                wait_until(lambda count=count: len(answers) > count + SEARCHERS)  # type: ignore[misc]
        finally:
            is_over.set()

    in_threads(switch, *[search] * SEARCHERS)
    assert {frozenset(parities) for parities in answers} == {
        frozenset({0}),
        frozenset({1}),
    }
