"""`match`: by vectors; by words where it says why; and a broken query is an error."""

from __future__ import annotations

import pytest

from tests.acceptance.processes import Bot
from tests.acceptance.rows import Rows


@pytest.fixture
def user_id(bot: Bot, rows: Rows) -> int:
    """Someone with one job that fits, both embedded."""
    user_id = rows.add_user("Welder")
    rows.add_job("Welder")
    rows.add_job("Accountant")
    bot.embed_here()
    return user_id


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("job_vectors", "no job has a vector"),
        ("user_vectors", "the person has no vector yet"),
    ],
)
def test_without_vectors_it_searches_by_words_and_says_so(
    bot: Bot, rows: Rows, user_id: int, table: str, reason: str
) -> None:
    with_vectors = bot.run("match", "--user", str(user_id))
    assert with_vectors.code == 0
    assert with_vectors.out.startswith("1 jobs for Ada, by vectors\n")
    rows.run(f"DELETE FROM {table}")
    result = bot.run("match", "--user", str(user_id))
    assert result.code == 0
    assert result.out.startswith(f"1 jobs for Ada, by words ({reason})\n")
    assert "Welder" in result.out
    (line,) = result.warnings
    assert line.endswith(f"keyword search for user {user_id}: {reason}")


def test_a_broken_query_is_one_line_of_error_and_no_fallback(
    bot: Bot, rows: Rows, user_id: int
) -> None:
    rows.run("ALTER TABLE job_vectors RENAME TO elsewhere")
    result = bot.run("match", "--user", str(user_id))
    assert (result.code, result.out) == (1, "")
    (line,) = result.errors
    assert line.startswith("error: ")
    assert result.warnings == []


def test_vectors_that_cannot_be_compared_are_an_error_and_no_fallback(
    bot: Bot, rows: Rows, user_id: int
) -> None:
    rows.run("UPDATE job_vectors SET embedding = '[1,2,3]'")
    result = bot.run("match", "--user", str(user_id))
    assert (result.code, result.out) == (1, "")
    assert result.errors == ["error: expected 64 dimensions, not 3"]


def test_an_unknown_person_is_one_line_of_error(bot: Bot) -> None:
    result = bot.run("match", "--user", "999")
    assert (result.code, result.out) == (1, "")
    (line,) = result.errors
    assert line.startswith("error: ") and "999" in line


def test_the_limit_counts_and_the_people_are_listed(bot: Bot, rows: Rows) -> None:
    user_id = rows.add_user("Welder")
    for town in ("Ikeja", "Yaba", "Lekki"):
        rows.add_job(f"Welder {town}")
    bot.embed_here()
    result = bot.run("match", "--user", str(user_id), "--limit", "2")
    assert result.out.startswith("2 jobs for Ada, by vectors\n")
    assert result.out.count("%  Welder ") == 2
    assert f"{user_id:6} Ada (" in bot.run("match", "--list").out
    assert bot.run("match").code == 2


def test_what_she_says_of_jobs_is_kept_and_refused_ones_do_not_come_again(
    bot: Bot, rows: Rows, user_id: int
) -> None:
    welder, accountant = (
        rows.value("SELECT id FROM canonical_jobs WHERE title = %s", title)
        for title in ("Welder", "Accountant")
    )
    her = ("match", "--user", str(user_id))
    assert f"job {welder}\n" in bot.run(*her).out
    assert bot.run("match", "--job", str(welder)).out.endswith(
        f"1 people for job {welder}\n"
    )
    assert bot.run(*her, "--save", str(accountant)).code == 0
    assert bot.run(*her, "--not-for-me", str(welder)).code == 0
    assert bot.run(*her, "--saved").out == f"job {accountant}  Accountant, -\n"
    assert bot.run(*her).out.startswith("0 jobs for Ada")
    assert bot.run("match", "--job", str(welder)).out == f"0 people for job {welder}\n"
    assert bot.run(*her, "--undo", str(welder)).code == 0
    assert bot.run(*her).out.startswith("1 jobs for Ada")


@pytest.mark.parametrize("what", [("--user", "1", "--save"), ("--job",)])
def test_a_job_that_does_not_exist_is_an_error(
    bot: Bot, rows: Rows, user_id: int, what: tuple[str, ...]
) -> None:
    result = bot.run("match", *what, "4711")
    assert result.code == 1
    assert "4711" in result.err
