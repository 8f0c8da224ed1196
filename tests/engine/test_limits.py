"""Limits and outages, by the server's own records. Minutes are scaled down to seconds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.acceptance.processes import wait_until
from tests.acceptance.rows import Rows
from tests.conftest import AppFactory
from tests.engine.conftest import daemons, make_all_due, service_of, wait_for_quiet
from tests.loopback import faults as f
from tests.loopback.openai_server import Answer, OpenAIServer, RequestLimit
from whatsapp_bot.bootstrap import App

OK = 200
ROWS, BATCH_SIZE = 300, 5
NEEDED = ROWS // BATCH_SIZE
PER_WINDOW, WINDOW_SECONDS = 12, 1.0
WINDOWS = NEEDED // PER_WINDOW
IN_FLIGHT = 4  # the default EMBEDDING_CONCURRENCY
OUTAGE_FAILURES = 3  # in a row; those that failed together are one
RECOVERY_SECONDS = 2.0


def assert_all_embedded(rows: Rows, count: int) -> None:
    assert rows.vectors() == count
    assert (rows.due, rows.put_off) == (0, 0)
    assert rows.value("SELECT max(attempts) FROM job_embeddings") == 0
    assert rows.value("SELECT count(last_error) FROM job_embeddings") == 0


@pytest.mark.parametrize(
    ("limit", "most_requests"),
    [
        # The windows are known: it asks when there is room.
        (RequestLimit(PER_WINDOW, WINDOW_SECONDS, resets_whole=True), 1.1 * NEEDED),
        # They roll on: where it takes the window for whole, there is room for one.
        (RequestLimit(PER_WINDOW, WINDOW_SECONDS), NEEDED + WINDOWS * (IN_FLIGHT + 1)),
        # Nothing tells how many there may be: at the end of each window, whatever is in
        # flight is refused, and then one asks for all.
        (
            RequestLimit(PER_WINDOW, WINDOW_SECONDS, shows_windows=False),
            NEEDED + WINDOWS * (IN_FLIGHT + 1),
        ),
        # Not even when to come back: pauses double from a second.
        (
            RequestLimit(
                PER_WINDOW, WINDOW_SECONDS, shows_windows=False, shows_wait=False
            ),
            NEEDED + WINDOWS * (IN_FLIGHT + 1),
        ),
    ],
    ids=[
        "x-ratelimit headers",
        "headers that roll",
        "Retry-After only",
        "no hint at all",
    ],
)
def test_a_limit_is_kept_to_and_no_row_suffers_from_it(
    make_app: AppFactory,
    openai_server: OpenAIServer,
    rows: Rows,
    limit: RequestLimit,
    most_requests: float,
    record_testsuite_property: Callable[[str, object], None],
) -> None:
    app = make_app(EMBEDDING_BATCH_SIZE=str(BATCH_SIZE))
    rows.add_jobs(ROWS)
    openai_server.limit = limit
    with daemons(app):
        wait_until(lambda: rows.vectors() == ROWS)
    assert_all_embedded(rows, ROWS)
    record = openai_server.record
    record_testsuite_property("requests", record.requests)
    record_testsuite_property("statuses", dict(record.statuses))
    assert record.inputs_billed == ROWS
    assert NEEDED <= record.requests <= most_requests


def first_success(server: OpenAIServer) -> Answer | None:
    return next((a for a in server.record.answers if a.status == OK), None)


def last_out(app: App) -> None:
    """Wait until the outage has lasted.

    The next to ask is never further away than the recovery may take.
    """
    pace = app.pace(app.live_model)
    waits: list[float] = []

    def is_long() -> bool:
        facts = pace.facts()
        waits.append(facts.wait_seconds or 0.0)
        return facts.failures >= OUTAGE_FAILURES

    wait_until(is_long)
    assert 0 < max(waits) <= RECOVERY_SECONDS


@pytest.mark.parametrize(
    "fault",
    [f.rate_limited(retry_after=1), f.server_error(503), f.closed()],
    ids=["429", "503", "closed connections"],
)
def test_work_goes_on_within_two_seconds_of_the_end_of_an_outage(
    make_app: AppFactory, openai_server: OpenAIServer, rows: Rows, fault: f.Fault
) -> None:
    app = make_app(EMBEDDING_BATCH_SIZE="20")
    rows.add_jobs(200)
    openai_server.faults.always(fault)
    with daemons(app):
        last_out(app)
        requests = openai_server.record.requests
        failures = app.pace(app.live_model).facts().failures
        openai_server.faults.clear()
        wait_until(lambda: rows.vectors() == 200)
    # A first burst, then one at a time; one may be on its way.
    assert requests <= IN_FLIGHT + failures + 1
    assert_all_embedded(rows, 200)
    assert openai_server.record.inputs_billed == 200


def test_work_goes_on_within_two_seconds_of_the_server_listening_again(
    make_app: AppFactory, openai_server: OpenAIServer, rows: Rows
) -> None:
    app = make_app(EMBEDDING_BATCH_SIZE="20")
    rows.add_jobs(200)
    dimensions = openai_server.dimensions
    away = OpenAIServer(dimensions=dimensions)  # for the base URL of its port
    port = int(away.base_url.split(":")[2].split("/")[0])
    away.start()
    away.close()
    rows.run("UPDATE embedding_models SET base_url = %s", away.base_url)
    with daemons(app):
        last_out(app)
        with OpenAIServer(port=port, dimensions=dimensions) as back:
            wait_until(lambda: rows.vectors() == 200)
            assert back.record.inputs_billed == 200
    assert_all_embedded(rows, 200)


def test_two_daemons_send_one_request_at_a_time_until_the_provider_answers_again(
    make_app: AppFactory,
    openai_server: OpenAIServer,
    rows: Rows,
    record_testsuite_property: Callable[[str, object], None],
) -> None:
    apps = [make_app(EMBEDDING_BATCH_SIZE="5") for _ in range(2)]
    rows.add_jobs(200)
    # Slow, so that two that asked together would be seen together.
    openai_server.faults.always(f.slow(0.3, f.rate_limited(retry_after=1)))
    service_of(apps[0]).embed_batch("job")  # opens the breaker for both
    wait_for_quiet(openai_server)
    openai_server.record.answers.clear()
    with daemons(*apps):
        wait_until(lambda: len(openai_server.record.answers) == 3)
        openai_server.faults.clear()
        openai_server.delay = 0.1
        wait_until(lambda: rows.vectors() == 200)
    answers = openai_server.record.answers
    first = first_success(openai_server)
    assert first is not None
    until_then = [answer for answer in answers if answer.arrived < first.left]
    record_testsuite_property("requests_until_success", len(until_then))
    assert len(until_then) >= 4
    overlapping = [
        (a, b)
        for a in until_then
        for b in until_then
        if a is not b and a.arrived <= b.arrived < a.left
    ]
    assert overlapping == []
    assert_all_embedded(rows, 200)


def test_a_worker_that_dies_while_it_asks_does_not_stop_the_others_for_ever(
    app: App, openai_server: OpenAIServer, rows: Rows
) -> None:
    rows.add_jobs(5)
    openai_server.faults.push(f.closed())
    service = service_of(app)
    service.embed_batch("job")
    rows.run("UPDATE embedding_pace SET open_until = now()")
    assert app.pace(app.live_model).reserve(1) == (0, 1)  # and is never heard of again
    make_all_due(rows)
    assert service.embed_batch("job").embedded == 0
    rows.run("UPDATE embedding_pace SET probed_until = now()")  # its time is over

    def embed() -> bool:
        make_all_due(rows)
        return service.embed_batch("job").embedded == 5

    wait_until(embed)
