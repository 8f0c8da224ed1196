"""Files in, rows saved: the counts add up, and what was skipped is said."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from tests.acceptance.processes import Bot
from tests.acceptance.rows import Rows
from tests.loopback.openai_server import OpenAIServer


def jsonl(path: Path, lines: Sequence[object]) -> str:
    """Write the lines: a text as it is, anything else as JSON."""
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("".join(text + "\n" for text in texts))
    return str(path)


def job(number: int, **fields: object) -> dict[str, object]:
    return {"id": f"j{number}", "title": f"Accountant number {number}", **fields}


def person(number: int, **fields: object) -> dict[str, object]:
    return {
        "id": f"p{number}",
        "name": "Ada",
        "job_roles": [f"Role {number}"],
        **fields,
    }


def test_good_malformed_double_and_untitled_postings_are_counted_and_named(
    bot: Bot, rows: Rows, tmp_path: Path
) -> None:
    good = [job(number) for number in range(600)]  # more than a batch
    lines = [*good, "{not json", job(1), job(2, company="Dangote"), {"id": "x"}, "[1]"]
    file = jsonl(tmp_path / "postings.jsonl", lines)
    result = bot.run("import-jobs", file)
    assert result.code == 0
    assert result.out == (
        "605 postings read: 600 new, 1 changed, 1 unchanged, 3 skipped\n"
    )
    not_json, untitled, a_list = result.errors
    assert not_json.startswith("line 601 skipped: not JSON: ")
    assert untitled == "line 604 skipped: posting has no title"
    assert a_list == "line 605 skipped: not an object but a list"
    assert rows.value("SELECT count(*) FROM canonical_jobs") == 600
    assert rows.value("SELECT DISTINCT source FROM canonical_jobs") == "postings"
    assert rows.due == 600


def test_a_file_of_which_nothing_could_be_read_is_a_failure(
    bot: Bot, rows: Rows, tmp_path: Path
) -> None:
    file = jsonl(tmp_path / "bad.jsonl", ["{", {"id": "1"}])
    result = bot.run("import-jobs", file)
    assert result.code == 1
    assert result.out == "2 postings read: 0 new, 0 changed, 0 unchanged, 2 skipped\n"
    missing = bot.run("import-jobs", str(tmp_path / "missing.jsonl"))
    assert missing.code == 1
    (line,) = missing.errors
    assert line.startswith("error: ") and "there is no such file" in line
    assert rows.value("SELECT count(*) FROM canonical_jobs") == 0


def test_importing_postings_twice_changes_nothing_and_costs_nothing(
    bot: Bot, rows: Rows, tmp_path: Path, openai_server: OpenAIServer
) -> None:
    file = jsonl(tmp_path / "postings.jsonl", [job(number) for number in range(20)])
    assert "20 new" in bot.run("import-jobs", file).out
    bot.embed_here()
    assert openai_server.record.inputs_billed == 20
    again = bot.run("import-jobs", file)
    assert again.code == 0
    assert again.out == (
        "20 postings read: 0 new, 0 changed, 20 unchanged, 0 skipped\n"
    )
    assert (rows.due, rows.put_off) == (0, 0)
    bot.embed_once()
    assert openai_server.record.inputs_billed == 20


def test_a_gzipped_file_is_read_as_it_is_and_a_source_can_be_named(
    bot: Bot, rows: Rows, tmp_path: Path
) -> None:
    file = tmp_path / "postings.jsonl.gz"
    file.write_bytes(gzip.compress(json.dumps(job(1)).encode()))
    result = bot.run("import-jobs", str(file), "--source", "my-board")
    assert (result.code, result.out) == (
        0,
        "1 postings read: 1 new, 0 changed, 0 unchanged, 0 skipped\n",
    )
    assert rows.value("SELECT source FROM canonical_jobs") == "my-board"


def test_old_dates_can_be_moved_into_the_last_days_in_their_order(
    bot: Bot, rows: Rows, tmp_path: Path
) -> None:
    first = date(2019, 1, 1)
    lines: list[object] = [
        job(number, posted_date=(first + timedelta(days=40 * number)).isoformat())
        for number in range(10)
    ]
    file = jsonl(tmp_path / "old.jsonl", [*lines, "{"])
    assert bot.run("import-jobs", file).code == 0
    assert rows.due == 0  # too old to be found
    result = bot.run("import-jobs", file, "--shift-dates", "30")
    assert "10 changed" in result.out and "1 skipped" in result.out
    assert rows.due == 10
    moved = rows.run("SELECT posted_date FROM canonical_jobs ORDER BY source_id")
    dates = [posted for (posted,) in moved]
    assert dates == sorted(dates) and len(set(dates)) == 10
    assert (dates[-1] - dates[0]).days == 29
    assert abs((date.today() - dates[-1]).days) <= 1  # midnight may have passed
    assert bot.run("import-jobs", file, "--shift-dates", "0").code == 2


def test_people_are_saved_and_the_malformed_are_named(
    bot: Bot, rows: Rows, tmp_path: Path
) -> None:
    lines = [
        person(1),
        {"name": "nobody"},
        "{not json",
        person(2, salary_min="a lot"),
        person(3, job_rolls=["Welder"]),
        person(4),
        person(1),
    ]
    result = bot.run("import-users", jsonl(tmp_path / "people.jsonl", lines))
    assert result.code == 0
    assert result.out == "7 people read: 3 saved, 4 skipped\n"
    no_id, not_json, salary, unknown = result.errors
    assert no_id == "line 2 skipped: person has no id"
    assert not_json.startswith("line 3 skipped: not JSON: ")
    assert salary.startswith("line 4 skipped: salary_min: 'a lot' cannot be understood")
    assert "line 5 skipped: unknown preference 'job_rolls'; did you mean" in unknown
    saved = rows.run("SELECT external_id FROM users ORDER BY external_id")
    assert saved == [("p1",), ("p4",)]
    assert rows.due == 2
    nothing = bot.run("import-users", jsonl(tmp_path / "bad.jsonl", ["{"]))
    assert (nothing.code, nothing.out) == (1, "1 people read: 0 saved, 1 skipped\n")


def test_importing_people_twice_adds_nobody_and_costs_nothing(
    bot: Bot, rows: Rows, tmp_path: Path, openai_server: OpenAIServer
) -> None:
    plain = jsonl(tmp_path / "people.jsonl", [person(1), person(2)])
    zipped = tmp_path / "people.jsonl.gz"
    zipped.write_bytes(gzip.compress(Path(plain).read_bytes()))
    assert bot.run("import-users", plain).code == 0
    bot.embed_here()
    assert openai_server.record.inputs_billed == 2
    again = bot.run("import-users", str(zipped))
    assert (again.code, again.out) == (0, "2 people read: 2 saved, 0 skipped\n")
    assert rows.value("SELECT count(*) FROM users") == 2
    assert (rows.due, rows.put_off) == (0, 0)
    bot.embed_once()
    assert openai_server.record.inputs_billed == 2
