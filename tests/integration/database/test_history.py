from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.acceptance.rows import Rows
from whatsapp_bot.database.database_manager import DatabaseManager
from whatsapp_bot.database.history import FEEDBACK_REMEMBERED, HistoryStore
from whatsapp_bot.database.jobs import JobStore
from whatsapp_bot.errors import DatabaseError, NotFound
from whatsapp_bot.records import SearchWords

Post = Callable[..., int]
LONG = "We look for someone who keeps our books in order, every day of the year. " * 3


@pytest.fixture
def user(rows: Rows) -> int:
    return rows.add_user("Welder")


@pytest.fixture
def post(rows: Rows) -> Post:
    """A posting as any source may write it; its id."""

    def post(title: str, company: str | None = None, **fields: str) -> int:
        job = rows.add_job(title)
        rows.run("UPDATE canonical_jobs SET company = %s WHERE id = %s", company, job)
        for column, value in fields.items():
            rows.run(
                f"UPDATE canonical_jobs SET {column} = %s WHERE id = %s", value, job
            )
        return job

    return post


def key(rows: Rows, job: int) -> str | None:
    value: str | None = rows.value(
        "SELECT posting_key::text FROM canonical_jobs WHERE id = %s", job
    )
    return value


def newest(database: DatabaseManager, user: int, unseen: bool = True) -> list[int]:
    with JobStore(database).search(user, unseen) as search:
        found = search.find_newest(None, 100)
    return [row["id"] for row in found]


# --- the keys


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Sales Rep", "Acme Ltd"), ("SALES REP.", "ACME Limited")),
        (
            ("Sales Rep - Lagos", "Acme PLC"),
            ("Sales Rep (Abuja)", "The Acme Nigeria Ltd."),
        ),
        (("Sales Rep", "Ernst & Young"), ("Sales  rep", "Ernst and Young")),
        (
            ("💼 Sales Rep – Rivers State", "Acme"),
            ("Sales Rep, Port Harcourt", "Acme Inc"),
        ),
        (("የሽያጭ ባለሙያ", "Acme"), ("የሽያጭ ባለሙያ ", "acme co.")),
    ],
)
def test_one_job_has_one_key(
    rows: Rows, post: Post, one: tuple[str, str], other: tuple[str, str]
) -> None:
    first, second = key(rows, post(*one)), key(rows, post(*other))
    assert first == second is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("C Developer", "Acme"), ("C++ Developer", "Acme")),
        (("Engineer - Backend", "Acme"), ("Engineer - Frontend", "Acme")),
        (("Sales Rep", "Acme"), ("Sales Rep", "Acme Foods")),
        (("Lagos", "Acme"), ("Abuja", "Acme")),
        (("የሽያጭ ባለሙያ", "Acme"), ("ጉዳይ አስፈፃሚ", "Acme")),
    ],
)
def test_two_jobs_have_two(
    rows: Rows, post: Post, one: tuple[str, str], other: tuple[str, str]
) -> None:
    assert key(rows, post(*one)) != key(rows, post(*other))


def test_the_places_of_a_posting_do_not_tell_it_apart(rows: Rows, post: Post) -> None:
    keys = {
        key(rows, post(f"Cashier - {city}", "Acme", location=f"{city}, Ghana"))
        for city in ("Kumasi", "Cape Coast", "Tema (Harbour) \\ddd [%_] * ?")
    }
    assert keys == {key(rows, post("Cashier", "Acme"))}


@pytest.mark.parametrize(
    "company",
    ["", "-", "Confidential", "Private Client", "A reputable company", "N/A", None],
)
def test_unknown_employers_are_no_employer(
    rows: Rows, post: Post, company: str | None
) -> None:
    job = post("Accountant", company, description="Too short to tell")
    assert key(rows, job) is None
    assert rows.value("SELECT employer_key FROM canonical_jobs") is None


@pytest.mark.parametrize(
    "company", ["Leading Edge Ltd", "Private Jets", "NA-Tech", "Limited"]
)
def test_names_that_only_look_unknown_are_names(
    rows: Rows, post: Post, company: str
) -> None:
    post("Accountant", company)
    assert rows.value("SELECT employer_key FROM canonical_jobs") is not None


def test_without_an_employer_the_same_long_description_tells(
    rows: Rows, post: Post
) -> None:
    one = post("Accountant", "Confidential", description=LONG)
    other = post("accountant", None, description=f" {LONG.upper()}".strip())
    third = post("Accountant", None, description=f"Urgent! {LONG}")
    assert key(rows, one) == key(rows, other) is not None
    assert key(rows, third) != key(rows, one)


def test_a_posting_without_a_title_or_of_any_length_has_a_key_or_none(
    rows: Rows, post: Post
) -> None:
    assert key(rows, post(" ", "Acme")) is None
    assert key(rows, post("x" * 100_000, "y" * 100_000)) is not None


def test_a_key_follows_its_posting(rows: Rows, post: Post) -> None:
    one, other = post("Cook", "Acme"), post("Nurse", "Acme")
    rows.run("UPDATE canonical_jobs SET title = 'cook' WHERE id = %s", other)
    assert key(rows, one) == key(rows, other)


# --- what was shown


def test_the_history_says_what_was_shown_to_whom(
    history: HistoryStore, user: int, rows: Rows
) -> None:
    shown = [rows.add_job("Welder"), rows.add_job("Nurse")]
    history.record_shown(user, shown)
    history.record_shown(user, [])
    found = rows.run("SELECT user_id, job_id FROM user_job_history ORDER BY job_id")
    assert found == [(user, job) for job in shown]
    with pytest.raises(DatabaseError):
        history.record_shown(user, [4711])


def test_every_posting_of_a_shown_job_counts_as_shown_also_later_ones(
    database: DatabaseManager, history: HistoryStore, user: int, rows: Rows, post: Post
) -> None:
    shown, other = post("Sales Rep", "Acme"), post("Driver", "Acme")
    post("Sales Rep - Abuja", "Acme Ltd")
    history.record_shown(user, [shown])
    post("sales rep", "ACME PLC")
    assert newest(database, user) == [other]
    assert len(newest(database, user, unseen=False)) == 4
    assert len(newest(database, rows.add_user("Welder"))) == 4


def test_what_a_shown_posting_said_then_is_hidden_though_it_was_rewritten(
    database: DatabaseManager, history: HistoryStore, user: int, rows: Rows, post: Post
) -> None:
    shown = post("Sales Rep", "Acme")
    history.record_shown(user, [shown])
    rows.run("UPDATE canonical_jobs SET title = 'Driver' WHERE id = %s", shown)
    post("Sales Rep", "Acme")
    other = post("Driver", "Acme")
    assert newest(database, user) == [other]


# --- what she said


def test_a_refused_job_never_comes_again_seen_or_not(
    database: DatabaseManager, history: HistoryStore, user: int, post: Post
) -> None:
    refused, other = post("Sales Rep", "Acme"), post("Driver", "Acme")
    history.record_feedback(user, refused, "not_for_me", "too far")
    post("Sales Rep (Lagos)", "Acme Ltd")
    assert newest(database, user, unseen=False) == [other]
    with JobStore(database).search(user) as search:
        assert search.find_by_words(SearchWords(["sales"], [], []), None, 10) == []


def test_what_was_said_can_be_taken_back_and_the_last_word_counts(
    database: DatabaseManager, history: HistoryStore, user: int, post: Post, rows: Rows
) -> None:
    job = post("Driver", "Acme")
    history.record_feedback(user, job, "not_for_me", " too\0 far ")
    assert rows.value("SELECT feedback_reason FROM user_job_history") == "too far"
    history.record_feedback(user, job, "saved")
    assert rows.value("SELECT feedback_reason FROM user_job_history") is None
    assert newest(database, user, unseen=False) == [job]
    assert history.undo_feedback(user, job)
    assert not history.undo_feedback(user, job)
    assert history.saved(user, 10) == []
    assert newest(database, user, unseen=True) == []  # she has seen it all the same


def test_feedback_on_what_does_not_exist_is_an_error(
    history: HistoryStore, user: int, post: Post
) -> None:
    with pytest.raises(NotFound, match="4711"):
        history.record_feedback(user, 4711, "saved")
    with pytest.raises(DatabaseError):
        history.record_feedback(4711, post("Driver"), "saved")


def test_saved_jobs_are_listed_also_when_they_ended(
    history: HistoryStore, user: int, post: Post, rows: Rows
) -> None:
    first, second = post("Driver", "Acme"), post("Nurse", "Bola")
    for job in (first, second):
        history.record_feedback(user, job, "saved")
    rows.run("UPDATE canonical_jobs SET status = 'closed' WHERE id = %s", first)
    saved = history.saved(user, 10)
    assert [(job.job_id, job.is_live) for job in saved] == [
        (second, True),
        (first, False),
    ]
    assert [job.title for job in history.saved(user, 1)] == ["Nurse"]


def test_the_newest_feedback_of_many_people_is_read_at_once(
    history: HistoryStore, user: int, rows: Rows, post: Post
) -> None:
    other, silent = rows.add_user("Nurse"), rows.add_user("Cook")
    jobs = [post(f"Driver {n}", "Acme Ltd") for n in range(FEEDBACK_REMEMBERED + 2)]
    for job in jobs:
        history.record_feedback(user, job, "saved")
    history.record_feedback(other, jobs[0], "not_for_me")
    found = history.feedback([user, other, silent])
    assert set(found) == {user, other}
    assert [row["title"] for row in found[user]] == [
        f"Driver {n}" for n in reversed(range(2, FEEDBACK_REMEMBERED + 2))
    ]
    (row,) = found[other]
    assert (row["employer_key"], row["is_saved"]) == ("acme", False)
