"""The probes that other projects were measured with, each with the number it must keep.

What the peers did is in the names' place: 700 of 1,000 rows stuck behind one bad one,
1,000 of 1,000 bought again for a touched column, vectors of emptied texts that stay.
"""

from __future__ import annotations

import math

import psycopg2

from tests.acceptance.rows import Rows
from tests.conftest import AppFactory
from tests.engine.conftest import (
    assert_vectors_are_those_of_the_titles,
    in_threads,
    make_all_due,
    service_of,
)
from tests.loopback import faults as f
from tests.loopback.openai_server import OpenAIServer
from whatsapp_bot.bootstrap import App
from whatsapp_bot.records import Totals

BATCH_SIZE = 320  # the default
IN_FLIGHT = 4  # the default EMBEDDING_CONCURRENCY


def embed(app: App, **expected: int) -> Totals:
    totals = app.generator.embed_due()
    for name, count in expected.items():
        assert getattr(totals, name) == count, totals
    return totals


def test_one_bad_row_of_1000_stops_no_other_and_is_found_by_halving(
    make_app: AppFactory, openai_server: OpenAIServer, rows: Rows
) -> None:
    app = make_app(EMBEDDING_CONCURRENCY="1")
    rows.add_jobs(1000)
    openai_server.faults.poison(lambda text: text == "Accountant number 500")
    embed(app, embedded=999, failed=1)
    needed = math.ceil(1000 / BATCH_SIZE)
    extra = openai_server.record.requests - needed
    assert 0 < extra <= 2 * math.ceil(math.log2(BATCH_SIZE)) + 2
    # And no innocent text was billed twice.
    assert openai_server.record.inputs_billed == 999 + 1  # a known good text
    assert rows.vectors() == 999


def test_one_bad_row_does_not_stop_four_threads_either(
    make_app: AppFactory, openai_server: OpenAIServer, rows: Rows
) -> None:
    app = make_app(EMBEDDING_BATCH_SIZE="50")
    rows.add_jobs(1000)
    openai_server.faults.poison(lambda text: text == "Accountant number 500")
    embed(app, embedded=999, failed=1, given_back=0)
    extra = openai_server.record.requests - 20
    assert 0 < extra <= 2 * math.ceil(math.log2(50)) + 2


def test_a_touch_of_columns_that_are_not_embedded_buys_0_of_1000(
    app: App, openai_server: OpenAIServer, rows: Rows
) -> None:
    rows.add_jobs(1000)
    embed(app, embedded=1000)
    rows.run("UPDATE canonical_jobs SET last_seen_at = now() + '1 day', url = 'x'")
    assert rows.due == 0
    rows.run("UPDATE canonical_jobs SET salary_min = 5, company = 'Ada & Co'")
    assert rows.due == 1000
    embed(app, unchanged=1000, requests=0)
    assert openai_server.record.inputs_billed == 1000


def test_the_same_text_again_and_another_run_buy_0_of_1000(
    app: App, openai_server: OpenAIServer, rows: Rows
) -> None:
    rows.add_jobs(1000)
    embed(app, embedded=1000)
    rows.run("UPDATE canonical_jobs SET title = title || ''")
    embed(app, claimed=0)
    rows.run("UPDATE job_embeddings SET checked_at = now() - interval '9 days'")
    assert app.upkeep.refresh_stale("job", days=5) == 1000
    embed(app, unchanged=1000, requests=0)
    assert openai_server.record.inputs_billed == 1000


def test_500_rows_of_one_text_buy_it_once(
    make_app: AppFactory, openai_server: OpenAIServer, rows: Rows
) -> None:
    app = make_app(EMBEDDING_BATCH_SIZE="100")
    rows.add_jobs(500)
    rows.run("UPDATE canonical_jobs SET title = 'Accountant'")
    embed(app, requests=1)
    assert openai_server.record.inputs_billed == 1
    assert_vectors_are_those_of_the_titles(rows)


def test_nothing_to_embed_is_no_request_and_is_counted(
    app: App, openai_server: OpenAIServer, rows: Rows
) -> None:
    rows.add_user()
    rows.add_user("", "  ")
    for title in (None, "", " \t"):
        rows.run(
            "INSERT INTO canonical_jobs (source, source_id, title)"
            " VALUES ('sql', gen_random_uuid()::text, %s)",
            title,
        )
    embed(app, empty=2, requests=0, embedded=0)
    assert openai_server.record.requests == 0
    facts = app.store("user").facts()
    assert (facts.empty, facts.waiting, facts.due, facts.coverage) == (2, 0, 0, 100)
    # A job without a title is not live: it has no row that could be forgotten.
    assert rows.value("SELECT count(*) FROM job_embeddings") == 0


def test_a_text_that_is_emptied_takes_its_vector_with_it(
    app: App, openai_server: OpenAIServer, rows: Rows
) -> None:
    user, job = rows.add_user("Nurse"), rows.add_job("Cook")
    embed(app, embedded=2)
    rows.run("UPDATE user_preferences SET job_roles = '{}' WHERE user_id = %s", user)
    rows.run("UPDATE canonical_jobs SET title = NULL WHERE id = %s", job)
    assert rows.vector("job", job) is None
    embed(app, empty=1, requests=0)
    assert rows.vector("user", user) is None
    assert rows.due == 0


def test_no_transaction_is_open_while_the_provider_is_asked(
    make_app: AppFactory, openai_server: OpenAIServer, rows: Rows, database_url: str
) -> None:
    app = make_app(EMBEDDING_BATCH_SIZE="10")
    rows.add_jobs(30)
    seen: list[tuple[object, ...]] = []
    asked = 0
    watcher = psycopg2.connect(database_url)
    watcher.autocommit = True

    def look(text: str) -> bool:
        nonlocal asked
        asked += 1
        with watcher.cursor() as cursor:
            cursor.execute(
                "SELECT state, left(query, 60) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND backend_type = 'client backend'"
                " AND (state <> 'idle' OR xact_start IS NOT NULL OR backend_xmin IS NOT NULL)"
            )
            seen.extend(cursor.fetchall())
            cursor.execute(
                "SELECT locktype, mode FROM pg_locks WHERE pid <> pg_backend_pid()"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                " AND pid IN (SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend')"
            )
            seen.extend(cursor.fetchall())
        return False

    openai_server.faults.poison(look)
    service = service_of(app)  # by one thread: others may write meanwhile
    assert [service.embed_batch("job").embedded for _ in range(3)] == [10, 10, 10]
    watcher.close()
    assert asked == 30
    assert seen == []


def test_12000_rows_due_are_said_to_be_12000(app: App, rows: Rows) -> None:
    rows.add_jobs(12_000)
    facts = app.store("job").facts()
    assert (facts.due, facts.waiting, facts.embedded) == (12_000, 12_000, 0)


def test_three_workers_on_one_queue_pay_for_3000_rows_3000_times(
    make_app: AppFactory, openai_server: OpenAIServer, rows: Rows
) -> None:
    apps = [make_app(EMBEDDING_BATCH_SIZE="50") for _ in range(3)]
    rows.add_jobs(3000)
    openai_server.gather = IN_FLIGHT + 1  # more than one of them sends alone
    in_threads(*(app.generator.embed_due for app in apps))
    assert openai_server.record.inputs_billed == 3000
    assert set(openai_server.record.texts.values()) == {1}
    assert openai_server.record.peak_in_flight > IN_FLIGHT
    assert_vectors_are_those_of_the_titles(rows)


def test_no_more_requests_are_in_flight_than_there_may_be(
    make_app: AppFactory, openai_server: OpenAIServer, rows: Rows
) -> None:
    app = make_app(EMBEDDING_BATCH_SIZE="10", EMBEDDING_CONCURRENCY="2")
    rows.add_jobs(200)
    openai_server.gather = 2
    assert app.generator.embed_due().embedded == 200
    assert openai_server.record.peak_in_flight == 2


def test_errors_now_and_then_lose_nothing_and_count_against_no_row(
    make_app: AppFactory, openai_server: OpenAIServer, rows: Rows
) -> None:
    app = make_app(EMBEDDING_BATCH_SIZE="25", EMBEDDING_CONCURRENCY="1")
    rows.add_jobs(1000)
    openai_server.faults.push(*[f.NORMAL] * 10, f.server_error(500))
    openai_server.faults.push(*[f.NORMAL] * 20, f.server_error(500))
    for _ in range(3):
        app.generator.embed_due()
        rows.run("UPDATE embedding_pace SET open_until = now()")
        make_all_due(rows)
    assert openai_server.record.statuses == {200: 40, 500: 2}
    assert openai_server.record.inputs_billed == 1000
    assert rows.value("SELECT max(attempts) FROM job_embeddings") == 0
    assert_vectors_are_those_of_the_titles(rows)


def test_a_batch_over_the_providers_limits_is_split_before_it_is_refused(
    app: App, openai_server: OpenAIServer, rows: Rows
) -> None:
    """200 texts of 2,000 tokens, where a request may have 300,000."""
    rows.add_jobs(200)
    rows.run("UPDATE canonical_jobs SET title = title || repeat(' and auditor', 700)")
    totals = service_of(app).embed_batch("job")
    assert (totals.embedded, totals.failed) == (200, 0)
    assert openai_server.record.tokens_billed > 300_000
    assert openai_server.record.statuses == {200: 2}
