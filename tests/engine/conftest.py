"""What the proofs of the engine share: rows by plain SQL, and daemons as threads."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pytest

from tests.acceptance.processes import wait_until
from tests.acceptance.rows import Rows
from tests.conftest import DIMENSIONS, AppFactory
from tests.loopback.openai_server import OpenAIServer
from tests.loopback.text_vectors import Floats, embed_texts
from whatsapp_bot.bootstrap import App
from whatsapp_bot.embeddings.embedding_service import EmbeddingService
from whatsapp_bot.scheduler_service import SchedulerService

TEMPLATE = "roles-1"  # a job's text is its title as it is: the proofs compare them


@pytest.fixture
def make_app(make_app: AppFactory) -> AppFactory:
    return partial(make_app, EMBEDDING_TEMPLATE=TEMPLATE)


@pytest.fixture
def rows(database_url: str) -> Iterator[Rows]:
    rows = Rows(database_url)
    yield rows
    rows.close()


def service_of(app: App) -> EmbeddingService:
    service = app.services.live()
    assert service is not None
    return service


@contextlib.contextmanager
def daemons(*apps: App) -> Iterator[None]:
    """A daemon for each, until the end of the block."""
    services = [SchedulerService(app) for app in apps]
    threads = [threading.Thread(target=service.run) for service in services]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for service in services:
            service.stop()
        for thread in threads:
            thread.join()


def in_threads(*actions: Callable[[], object]) -> None:
    """All at once, to their end; what one raises is raised here."""
    errors: list[BaseException] = []

    def run(action: Callable[[], object]) -> None:
        try:
            action()
        except BaseException as error:  # noqa: BLE001  raised again below
            errors.append(error)

    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def wait_for_quiet(server: OpenAIServer, seconds: float = 0.0) -> None:
    """Until no request is with the provider."""
    time.sleep(seconds)
    wait_until(lambda: server.record.in_flight == 0)


def make_all_due(rows: Rows) -> None:
    """As if every lease and every pause were over."""
    for thing in ("job", "user"):
        rows.run(
            f"UPDATE {thing}_embeddings SET due_at = now() WHERE due_at IS NOT NULL"
        )


def stored_vectors(rows: Rows) -> dict[int, Floats]:
    return {
        job_id: np.array(text.strip("[]").split(","), np.float32)
        for job_id, text in rows.run("SELECT job_id, embedding::text FROM job_vectors")
    }


def assert_vectors_are_those_of_the_titles(rows: Rows) -> None:
    """Every live job has the vector of its newest title, to half precision, and none
    is due."""
    titles = dict(
        rows.run(
            "SELECT id, title FROM canonical_jobs"
            " WHERE job_is_live(status, title, listed_date) ORDER BY id"
        )
    )
    vectors = stored_vectors(rows)
    assert set(vectors) == set(titles)
    expected = embed_texts(list(titles.values()), DIMENSIONS).astype(np.float16)
    found = np.array([vectors[job_id] for job_id in titles])
    wrong = [
        title
        for title, a, b in zip(titles.values(), found, expected, strict=True)
        if not np.allclose(a, b.astype(np.float32), atol=1e-3)
    ]
    assert wrong == []
    assert (rows.due, rows.put_off) == (0, 0)
