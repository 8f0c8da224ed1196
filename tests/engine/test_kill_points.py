"""A worker that is killed with SIGKILL at any step loses nothing, and costs a batch."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.processes import environment, wait_until
from tests.acceptance.rows import Rows
from tests.conftest import DIMENSIONS
from tests.engine.conftest import (
    TEMPLATE,
    assert_vectors_are_those_of_the_titles,
    make_all_due,
    wait_for_quiet,
)
from tests.engine.held_stores import POINTS
from tests.engine.worker_that_dies import BATCH_SIZE
from tests.loopback.openai_server import OpenAIServer
from whatsapp_bot.bootstrap import App
from whatsapp_bot.config import PROJECT_FOLDER
from whatsapp_bot.embeddings.embedding_generator import SPARE_THREADS

COUNT = 30
NEVER = "before nothing"
STORED_AT = {"after store": BATCH_SIZE}  # rows, when the worker was dead
PAID_TWICE_AT = {"before store": BATCH_SIZE}


@pytest.fixture
def environ(
    database_url: str, openai_server: OpenAIServer, tmp_path: Path
) -> dict[str, str]:
    return environment(tmp_path) | {
        "DATABASE_URL": database_url,
        "OPENAI_BASE_URL": openai_server.base_url,
        "OPENAI_API_KEY": "test",
        "EMBEDDING_DIMENSIONS": str(DIMENSIONS),
        "EMBEDDING_TEMPLATE": TEMPLATE,
        "LEASE_SECONDS": "1000",
    }


def start_worker(point: str, environ: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.engine.worker_that_dies", point],
        cwd=PROJECT_FOLDER,
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
    )


def finish(app: App, rows: Rows) -> None:
    """By a healthy worker, when the lease is over."""
    make_all_due(rows)
    app.generator.embed_due()
    assert_vectors_are_those_of_the_titles(rows)
    assert rows.vectors() == COUNT


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_at_a_step_of_the_database_loses_nothing(
    app: App,
    rows: Rows,
    openai_server: OpenAIServer,
    environ: dict[str, str],
    point: str,
) -> None:
    rows.add_jobs(COUNT)
    with start_worker(point, environ) as worker:
        worker.communicate(timeout=30)
    assert worker.returncode == -signal.SIGKILL
    assert rows.vectors() == STORED_AT.get(point, 0)
    finish(app, rows)
    twice = openai_server.record.inputs_billed - COUNT
    assert twice == PAID_TWICE_AT.get(point, 0)


@pytest.mark.parametrize("has_answer", [False, True], ids=["refused", "answered"])
def test_a_worker_killed_during_the_call_loses_nothing_and_costs_a_batch_at_most(
    app: App,
    rows: Rows,
    openai_server: OpenAIServer,
    environ: dict[str, str],
    has_answer: bool,
) -> None:
    """A provider bills what it answered, though nobody was there any more."""
    rows.add_jobs(COUNT)
    killed: list[int] = []
    with start_worker(NEVER, environ) as worker:
        assert worker.stdout

        def kill(text: str) -> bool:
            if not killed:
                killed.append(worker.pid)
                os.kill(worker.pid, signal.SIGKILL)
                worker.wait(timeout=30)
                return not has_answer
            return False

        openai_server.faults.poison(kill)
        wait_until(lambda: killed)
    wait_for_quiet(openai_server)
    assert worker.returncode == -signal.SIGKILL
    assert rows.vectors() == 0
    assert rows.put_off == BATCH_SIZE  # its lease
    finish(app, rows)
    twice = openai_server.record.inputs_billed - COUNT
    assert twice == (BATCH_SIZE if has_answer else 0)
    assert rows.value("SELECT max(attempts) FROM job_embeddings") == 0


def test_killed_with_several_batches_in_flight_only_those_are_paid_twice(
    app: App, rows: Rows, openai_server: OpenAIServer, environ: dict[str, str]
) -> None:
    batch_size, count, in_flight = 50, 500, 4
    rows.add_jobs(count)
    openai_server.delay = 0.2
    command = [sys.executable, "-m", "whatsapp_bot.scheduler_service"]
    environ |= {"EMBEDDING_BATCH_SIZE": str(batch_size)}
    with subprocess.Popen(
        command, cwd=PROJECT_FOLDER, env=environ, stderr=subprocess.DEVNULL
    ) as daemon:
        record = openai_server.record
        wait_until(lambda: rows.vectors() > 0 and record.in_flight == in_flight)
        daemon.kill()
    wait_for_quiet(openai_server)
    assert 0 < rows.vectors() < count
    openai_server.delay = 0
    make_all_due(rows)
    app.generator.embed_due()
    assert_vectors_are_those_of_the_titles(rows)
    assert rows.vectors() == count
    in_hand = in_flight + SPARE_THREADS
    assert 0 < record.inputs_billed - count <= in_hand * batch_size
