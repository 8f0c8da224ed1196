"""live_jobs holds what can be found, whoever writes; 007 fills it from what is there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.acceptance.rows import Rows
from whatsapp_bot.database.database_manager import DatabaseManager
from whatsapp_bot.database.embeddings import EmbeddingUpkeep
from whatsapp_bot.database.migrator import FOLDER, Migrator
from whatsapp_bot.database.models import ModelStore
from whatsapp_bot.records import EmbeddingModel

LISTED = "SELECT job_id FROM live_jobs ORDER BY job_id"
OF_JOB = "SELECT to_jsonb(l) FROM live_jobs l WHERE job_id = %s"
AS_IT_IS = """
    SELECT count(*) FROM live_jobs l JOIN listable_jobs j USING (job_id)
     WHERE to_jsonb(l) - 'posting_key' = to_jsonb(j)"""


def test_jobs_of_before_are_listed_and_old_ones_are_not(
    empty_url: str, empty_rows: Rows, tmp_path: Path
) -> None:
    database = DatabaseManager(empty_url)
    for path in sorted(FOLDER.glob("*.sql")):
        if path.name < "007":
            shutil.copy(path, tmp_path)
    Migrator(database, tmp_path).apply()
    live, old = empty_rows.add_job("C# Developer"), empty_rows.add_job("Welder")
    user = empty_rows.add_user("Welder")
    empty_rows.run(
        "UPDATE canonical_jobs SET first_seen_date = CURRENT_DATE - 61 WHERE id = %s",
        old,
    )
    Migrator(database).apply()
    assert empty_rows.run(LISTED) == [(live,)]
    assert empty_rows.value(
        "SELECT title_words::text FROM live_jobs WHERE job_id = %s", live
    ) == ("'csharp' 'develop'")
    assert (
        empty_rows.value("SELECT musts FROM user_preferences WHERE user_id = %s", user)
        == []
    )
    database.close()


@pytest.mark.parametrize(
    ("change", "is_listed"),
    [
        ("status = 'closed'", False),
        ("title = ' '", False),
        ("posted_date = CURRENT_DATE - 61", False),
        ("title = 'Cook', skills = '{Baking}'", True),
        ("location = 'Kano', salary_min = 5, salary_period = 'monthly'", True),
        (
            "ai_remote_allowed = true, years_min = 3, employment_type = 'Full Time'",
            True,
        ),
        ("salary_min = 'NaN', salary_max = -3, years_min = 'Infinity'", True),
    ],
)
def test_a_change_is_listed_at_once(rows: Rows, change: str, is_listed: bool) -> None:
    job = rows.add_job("Welder")
    rows.run(f"UPDATE canonical_jobs SET {change} WHERE id = %s", job)
    assert rows.run(LISTED) == ([(job,)] if is_listed else [])
    assert rows.value(AS_IT_IS) == int(is_listed)


def test_what_enters_no_search_leaves_the_row_alone(rows: Rows) -> None:
    job = rows.add_job("Welder")
    place = "SELECT ctid::text || xmin::text FROM live_jobs"
    before = rows.value(place)
    rows.run(
        "UPDATE canonical_jobs SET last_seen_at = now(), description = 'x',"
        " title = title WHERE id = %s",
        job,
    )
    assert rows.value(place) == before


def test_every_column_that_a_row_is_made_of_is_watched(rows: Rows) -> None:
    made_of = rows.value(
        "SELECT array_agg(column_name::text ORDER BY column_name)"
        "  FROM information_schema.columns WHERE table_name = 'canonical_jobs'"
        "   AND pg_get_viewdef('listable_jobs'::regclass) ~ ('j\\.' || column_name || '\\M')"
    )
    watched = rows.value(
        "SELECT array_agg(event_object_column::text ORDER BY event_object_column)"
        "  FROM information_schema.triggered_update_columns"
        " WHERE trigger_name = 'job_listing_changed'"
    )
    # listed_date is made of these two; status decides whether there is a row.
    assert {*made_of} - {"id", "listed_date"} | {
        "status",
        "posted_date",
        "first_seen_date",
    } == {*watched}


@pytest.mark.parametrize(
    "change",
    [
        "company = 'Bola'",
        "description = repeat('y', 200), company = NULL",
        "title = ''",
    ],
)
def test_a_row_has_the_key_of_its_posting(rows: Rows, change: str) -> None:
    job = rows.add_job("Welder")
    rows.run("UPDATE canonical_jobs SET company = 'Acme' WHERE id = %s", job)
    rows.run(f"UPDATE canonical_jobs SET {change} WHERE id = %s", job)
    assert (
        rows.value(
            "SELECT count(*) FROM live_jobs l JOIN canonical_jobs j ON j.id = l.job_id"
            " WHERE l.posting_key IS DISTINCT FROM j.posting_key"
        )
        == 0
    )
    assert rows.value("SELECT count(posting_key) FROM live_jobs") == rows.value(
        "SELECT count(*) FROM canonical_jobs WHERE title <> ''"
    )


def test_what_the_triggers_missed_is_found(
    rows: Rows, database: DatabaseManager
) -> None:
    gone = rows.add_job("Welder")
    rows.run("SET session_replication_role = replica")
    rows.run("UPDATE canonical_jobs SET status = 'closed' WHERE id = %s", gone)
    unlisted = rows.add_job("Cook")
    upkeep = EmbeddingUpkeep(database)
    upkeep.expire_jobs()
    upkeep.reconcile("job")
    assert rows.run(LISTED) == [(unlisted,)]


@pytest.mark.parametrize("musts", ["{colour}", "{location,NULL}"])
def test_a_must_that_does_not_exist_cannot_be_stored(rows: Rows, musts: str) -> None:
    user = rows.add_user("Welder")
    with pytest.raises(Exception, match="violates check constraint"):
        rows.run(
            "UPDATE user_preferences SET musts = %s WHERE user_id = %s", musts, user
        )


def test_a_must_makes_nothing_due(rows: Rows, database: DatabaseManager) -> None:
    ModelStore(database).add(EmbeddingModel("m", "m", None, 3, "roles-1", True))
    user = rows.add_user("Welder")
    rows.run("UPDATE user_embeddings SET due_at = NULL")
    rows.run("UPDATE user_preferences SET musts = '{salary}' WHERE user_id = %s", user)
    assert rows.value("SELECT due_at FROM user_embeddings") is None
