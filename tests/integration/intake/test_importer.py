from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

from whatsapp_bot.bootstrap import App
from whatsapp_bot.intake.importer import (
    BATCH_SIZE,
    DateShift,
    ImportTotals,
    JobImporter,
    find_date_shift,
    import_people,
)
from whatsapp_bot.intake.posting import parse_posting

TODAY = date(2026, 11, 21)


def posting(number: int, **fields: object) -> dict[str, object]:
    return {"id": str(number), "title": f"Accountant {number}", **fields}


def write(path: Path, *records: object) -> Path:
    lines = (r if isinstance(r, str) else json.dumps(r) for r in records)
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def import_jobs(
    app: App, path: Path, shift: DateShift | None = None
) -> tuple[ImportTotals, list[int]]:
    """What it came to, and the lines that were skipped."""
    skipped: list[int] = []
    importer = JobImporter(app.parser, lambda line, reason: skipped.append(line))
    return importer.import_file(path, "test", shift), skipped


def test_one_bad_line_does_not_stop_the_others(app: App, tmp_path: Path) -> None:
    path = write(
        tmp_path / "jobs.jsonl", posting(1), "{broken", {"id": "3"}, posting(4)
    )
    totals, skipped = import_jobs(app, path)
    assert (totals.read, totals.new, totals.skipped) == (4, 2, 2)
    assert skipped == [2, 3]


def test_importing_again_changes_nothing_and_makes_nothing_due(
    app: App, tmp_path: Path
) -> None:
    path = write(tmp_path / "jobs.jsonl", *(posting(i) for i in range(BATCH_SIZE + 7)))
    assert import_jobs(app, path)[0].new == BATCH_SIZE + 7
    app.generator.embed_due()
    totals, _ = import_jobs(app, path)
    assert (totals.new, totals.changed, totals.unchanged) == (0, 0, BATCH_SIZE + 7)
    assert app.store("job").facts().due == 0


def test_only_a_posting_whose_content_changed_counts_as_changed(
    app: App, tmp_path: Path
) -> None:
    write(tmp_path / "jobs.jsonl", posting(1), posting(2))
    import_jobs(app, tmp_path / "jobs.jsonl")
    write(tmp_path / "jobs.jsonl", posting(1), posting(2, location="Jos"))
    totals, _ = import_jobs(app, tmp_path / "jobs.jsonl")
    assert (totals.changed, totals.unchanged) == (1, 1)


def test_the_same_posting_twice_in_a_file_is_saved_with_its_last_words(
    app: App, tmp_path: Path
) -> None:
    path = write(tmp_path / "jobs.jsonl", posting(1), posting(1, company="Ada & Co"))
    totals, _ = import_jobs(app, path)
    assert (totals.new, totals.changed) == (1, 1)
    with app.database.transaction() as cursor:
        cursor.raw.execute("SELECT company FROM canonical_jobs")
        assert [row["company"] for row in cursor.raw.fetchall()] == ["Ada & Co"]


def test_a_posting_that_the_database_refuses_is_skipped_alone(
    app: App, tmp_path: Path
) -> None:
    with app.database.transaction() as cursor:
        cursor.raw.execute(
            "ALTER TABLE canonical_jobs ADD CHECK (title <> 'Accountant 3')"
        )
    path = write(tmp_path / "jobs.jsonl", *(posting(i) for i in range(9)))
    totals, skipped = import_jobs(app, path)
    assert (totals.new, totals.skipped, skipped) == (8, 1, [4])


def test_old_dates_are_moved_in_their_order(app: App, tmp_path: Path) -> None:
    path = write(
        tmp_path / "jobs.jsonl",
        posting(1, posted_date="2014-01-01"),
        posting(2, posted_date="2020-01-01"),
        posting(3, posted_date="2026-01-01"),
        posting(4),
    )
    shift = find_date_shift(path, 30, TODAY)
    assert shift is not None
    moved = [
        shift.move(parse_posting(posting(1, posted_date=day), "test")).posted_date
        for day in ("2014-01-01", "2020-01-01", "2026-01-01")
    ]
    assert moved == [TODAY - timedelta(days=29), TODAY - timedelta(days=15), TODAY]
    assert shift.move(parse_posting(posting(4), "test")).posted_date is None


def test_a_file_without_dates_has_nothing_to_move(tmp_path: Path) -> None:
    path = write(tmp_path / "jobs.jsonl", posting(1), "{broken")
    assert find_date_shift(path, 30, TODAY) is None


def test_people_are_saved_and_the_malformed_skipped(app: App, tmp_path: Path) -> None:
    path = write(
        tmp_path / "people.jsonl",
        {"id": "a", "name": "Ada", "job_roles": ["Nurse"]},
        {"id": "b", "years_of_experience": "many"},
        {"name": "nobody"},
    )
    skipped: list[int] = []
    totals = import_people(
        path, app.preference_manager, lambda line, reason: skipped.append(line)
    )
    assert (totals.imported, totals.skipped, skipped) == (1, 2, [2, 3])
    assert [user.name for user in app.users.list(limit=10)] == ["Ada"]
