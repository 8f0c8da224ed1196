"""A save at every point of a batch: the newest text's vector stays, whoever is last."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import psycopg2
import pytest

from tests.acceptance.processes import wait_until
from tests.acceptance.rows import Rows
from tests.conftest import DIMENSIONS, AppFactory
from tests.engine.conftest import (
    assert_vectors_are_those_of_the_titles,
    in_threads,
    make_all_due,
    service_of,
)
from tests.engine.held_stores import POINTS, held_service
from tests.loopback.openai_server import OpenAIServer
from tests.loopback.text_vectors import Floats, embed_texts
from whatsapp_bot.bootstrap import App
from whatsapp_bot.embeddings.due_texts import DueText
from whatsapp_bot.embeddings.embedding_text import template_named
from whatsapp_bot.embeddings.texts_in_hand import TextsInHand
from whatsapp_bot.records import Claim, Totals

TEMPLATE = template_named("roles-1")
CHANGES = {
    "another title": "UPDATE canonical_jobs SET title = 'Nurse' WHERE id = %s",
    "closed": "UPDATE canonical_jobs SET status = 'closed' WHERE id = %s",
    "no title": "UPDATE canonical_jobs SET title = ' ' WHERE id = %s",
    "deleted": "DELETE FROM canonical_jobs WHERE id = %s",
    "another and back": (
        "UPDATE canonical_jobs SET title = 'Nurse' WHERE id = %s;"
        "UPDATE canonical_jobs SET title = 'Cook' WHERE id = %s"
    ),
}


def drain(app: App, rows: Rows) -> None:
    make_all_due(rows)
    app.generator.embed_due()
    assert_vectors_are_those_of_the_titles(rows)


@pytest.fixture(params=CHANGES)
def change(request: pytest.FixtureRequest, rows: Rows) -> Callable[[int], None]:
    """Committed by another connection than the worker's."""
    statement = CHANGES[request.param]

    def run(job_id: int) -> None:
        rows.run(statement, *[job_id] * statement.count("%s"))

    return run


@pytest.mark.parametrize("has_vector", [False, True], ids=["new", "embedded before"])
@pytest.mark.parametrize("point", POINTS)
def test_a_change_at_any_point_of_a_batch_ends_with_the_newest_texts_vector(
    app: App,
    rows: Rows,
    change: Callable[[int], None],
    point: str,
    has_vector: bool,
) -> None:
    job, other = rows.add_job("Welder" if has_vector else "Cook"), rows.add_job("Pilot")
    if has_vector:
        app.generator.embed_due()
        rows.run("UPDATE canonical_jobs SET title = 'Cook' WHERE id = %s", job)
        rows.run("UPDATE canonical_jobs SET title = 'Steward' WHERE id = %s", other)
    changed: list[int] = []

    def act() -> None:
        changed.append(job)
        change(job)

    held_service(app, point, act).embed_batch("job")
    assert changed
    assert rows.vector("job", other)
    drain(app, rows)


def test_a_change_during_the_call_ends_with_the_newest_texts_vector(
    app: App, rows: Rows, change: Callable[[int], None], openai_server: OpenAIServer
) -> None:
    job = rows.add_job("Cook")
    asked: list[str] = []

    def act(text: str) -> bool:
        if not asked:
            change(job)
        asked.append(text)
        return False

    openai_server.faults.poison(act)
    service_of(app).embed_batch("job")
    assert asked == ["Cook"]
    drain(app, rows)


def test_a_change_that_commits_while_the_store_waits_for_its_lock_wins(
    app: App, rows: Rows, database_url: str
) -> None:
    job = rows.add_job("Cook")
    saver = psycopg2.connect(database_url)

    def save() -> None:
        with saver.cursor() as cursor:
            cursor.execute("UPDATE canonical_jobs SET title = 'Nurse'")

    def is_waiting() -> bool:
        waiting: int = rows.value(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND datname = current_database()"
        )
        return waiting == 1

    def commit_when_awaited() -> None:
        wait_until(is_waiting)
        saver.commit()

    service = held_service(app, "before store", save)
    outrun: list[int] = []
    in_threads(
        lambda: outrun.append(service.embed_batch("job").outrun), commit_when_awaited
    )
    saver.close()
    assert outrun == [1]
    assert rows.vector("job", job) is None
    assert rows.due == 1
    drain(app, rows)


def answer(titles: dict[int, str]) -> tuple[dict[int, bytes], Floats]:
    hashes = {job: TEMPLATE.text_hash(title) for job, title in titles.items()}
    return hashes, embed_texts(list(titles.values()), DIMENSIONS)


@pytest.mark.parametrize("older_first", [True, False])
def test_of_two_workers_the_one_with_the_newer_text_wins_in_either_order(
    app: App, rows: Rows, older_first: bool
) -> None:
    store = app.store("job")
    job = rows.add_job("Cook")
    older = store.claim_due(10, 60)
    rows.run("UPDATE canonical_jobs SET title = 'Nurse'")
    newer = store.claim_due(10, 60)
    assert older[0].revision < newer[0].revision
    answers: list[tuple[list[Claim], str]] = [(older, "Cook"), (newer, "Nurse")]
    written = [
        store.store(claims, *answer({job: title}))
        for claims, title in (answers if older_first else answers[::-1])
    ]
    assert written == ([0, 1] if older_first else [1, 0])
    assert_vectors_are_those_of_the_titles(rows)


def test_a_worker_whose_lease_is_over_and_its_successor_may_both_answer(
    app: App, rows: Rows
) -> None:
    store = app.store("job")
    job = rows.add_job("Cook")
    first = store.claim_due(10, 60)
    make_all_due(rows)
    second = store.claim_due(10, 60)
    assert first == second
    for claims in (second, first):
        store.store(claims, *answer({job: "Cook"}))
    store.give_back(first, 0)  # late, and nothing is undone by it
    assert_vectors_are_those_of_the_titles(rows)


def test_of_two_services_at_once_the_faster_one_with_the_newer_text_wins(
    app: App, rows: Rows, openai_server: OpenAIServer
) -> None:
    """The slow one's answer comes when the other has long stored its own."""
    rows.add_job("Cook")
    asked = threading.Event()
    stored = threading.Event()

    def hold_the_first(text: str) -> bool:
        if text == "Cook":
            asked.set()
            assert stored.wait(20)
        return False

    def change_and_overtake() -> None:
        assert asked.wait(20)
        rows.run("UPDATE canonical_jobs SET title = 'Nurse'")
        overtaking.append(service_of(app).embed_batch("job").embedded)
        stored.set()

    overtaking: list[int] = []
    overtaken: list[int] = []
    openai_server.faults.poison(hold_the_first)
    slow = held_service(app, "before nothing", lambda: None)
    in_threads(
        lambda: overtaken.append(slow.embed_batch("job").outrun), change_and_overtake
    )
    assert (overtaking, overtaken) == ([1], [1])
    assert_vectors_are_those_of_the_titles(rows)


LISTED_ANEW = (
    "UPDATE canonical_jobs SET status = 'closed'",
    "UPDATE canonical_jobs SET title = 'Nurse'",
    "UPDATE canonical_jobs SET status = 'active'",
)


def test_a_job_that_is_listed_anew_during_the_call_keeps_its_newest_text(
    app: App, rows: Rows
) -> None:
    rows.add_job("Cook")

    def list_anew() -> None:
        for statement in LISTED_ANEW:
            rows.run(statement)

    held_service(app, "before store", list_anew).embed_batch("job")
    drain(app, rows)


def test_a_person_who_comes_back_during_the_call_keeps_her_newest_text(
    app: App, rows: Rows
) -> None:
    user = rows.add_user("Cook")

    def come_back() -> None:
        rows.run("DELETE FROM user_preferences")
        rows.run(
            "INSERT INTO user_preferences (user_id, job_roles) VALUES (%s, '{Nurse}')",
            user,
        )

    held_service(app, "before store", come_back).embed_batch("user")
    make_all_due(rows)
    app.generator.embed_due()
    ((text_hash,),) = rows.run("SELECT text_hash FROM user_embeddings")
    assert bytes(text_hash) == TEMPLATE.text_hash("Nurse")


class _HeldTexts(TextsInHand):
    """Something happens just before texts are taken, once."""

    def __init__(self, action: Callable[[], object]) -> None:
        super().__init__()
        self._action: Callable[[], object] | None = action

    def take(self, texts: Sequence[DueText]) -> tuple[list[DueText], list[DueText]]:
        action, self._action = self._action, None
        if action:
            action()
        return super().take(texts)


def test_a_text_that_another_thread_paid_for_just_before_is_not_paid_again(
    make_app: AppFactory, rows: Rows, openai_server: OpenAIServer
) -> None:
    service = service_of(make_app(EMBEDDING_BATCH_SIZE="1"))
    rows.add_job("Welder")
    rows.add_job("Welder")
    others: list[Totals] = []
    service._paying = _HeldTexts(lambda: others.append(service.embed_batch("job")))
    assert service.embed_batch("job") == Totals(reused=1)
    assert [totals.embedded for totals in others] == [1]
    assert openai_server.record.inputs_billed == 1
