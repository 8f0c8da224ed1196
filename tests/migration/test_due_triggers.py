from __future__ import annotations

import select
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import psycopg2
import pytest

from tests.acceptance.rows import Rows
from whatsapp_bot.database.database_manager import DUE_CHANNEL, DatabaseManager
from whatsapp_bot.database.embeddings import EmbeddingUpkeep
from whatsapp_bot.database.models import ModelStore
from whatsapp_bot.embeddings.embedding_text import TEMPLATES
from whatsapp_bot.records import THINGS, EmbeddingModel, Thing

TABLES = {"job": "canonical_jobs", "user": "user_preferences"}
KEYS = {"job": "id", "user": "user_id"}

# What a change of a column does to the embeddings rows. "due": it enters a text.
JOB_COLUMNS = {
    "id": "refused",
    "source": "nothing",
    "source_id": "nothing",
    "content_hash": "nothing",
    "status": "gone",
    "first_seen_date": "nothing",
    "last_seen_at": "nothing",
    "posted_date": "nothing",
    "listed_date": "refused",
    "title": "due",
    "company": "due",
    "location": "due",
    "country": "due",
    "description": "due",
    "url": "nothing",
    "salary_min": "due",
    "salary_max": "due",
    "salary_currency": "due",
    "salary_period": "nothing",
    "employment_type": "nothing",
    "work_arrangement": "due",
    "experience_level": "due",
    "years_min": "due",
    "years_max": "due",
    "skills": "due",
    "category": "due",
    "ai_job_titles": "due",
    "ai_job_function": "due",
    "ai_job_level": "due",
    "ai_industry": "due",
    "ai_city": "due",
    "ai_state": "due",
    "ai_country": "due",
    "ai_work_arrangement": "due",
    "ai_remote_allowed": "due",
    "ai_required_skills": "due",
    "ai_preferred_skills": "due",
    "ai_years_experience_min": "due",
    "ai_years_experience_max": "due",
    "ai_salary_min": "due",
    "ai_salary_max": "due",
    "ai_salary_currency": "due",
    "ai_salary_period": "nothing",
    "ai_summary": "due",
    "words": "nothing",
    "employer_key": "refused",
    "posting_key": "refused",
}
USER_COLUMNS = {
    "user_id": "refused",
    "job_roles": "due",
    "job_categories": "due",
    "user_job_input": "due",
    "experience_level": "due",
    "years_of_experience": "due",
    "technical_skills": "due",
    "soft_skills": "due",
    "preferred_locations": "due",
    "user_location_input": "due",
    "willing_to_relocate": "due",
    "work_arrangements": "due",
    "employment_types": "due",
    "salary_min": "due",
    "salary_max": "due",
    "salary_currency": "due",
    "salary_period": "nothing",
    "company_size_preference": "due",
    "industry_preferences": "due",
    "musts": "refused",
    "completeness": "refused",
    "updated_at": "nothing",
}
COLUMNS: dict[Thing, dict[str, str]] = {"job": JOB_COLUMNS, "user": USER_COLUMNS}

# Another value of each type.
OTHER_VALUES = {
    "ARRAY": "'{other}'",
    "bigint": "4711",
    "boolean": "true",
    "bytea": r"'\x01'",
    "date": "CURRENT_DATE - 1",
    "double precision": "7",
    "real": "7",
    "smallint": "7",
    "text": "'other'",
    "timestamp with time zone": "now() - interval '1 day'",
    "tsvector": "'other'",
    "uuid": "gen_random_uuid()",
}


class Watched:
    """A job or a person, what is due of it, and who was notified."""

    def __init__(self, rows: Rows, thing: Thing) -> None:
        self._rows = rows
        self.thing = thing
        self.key, self.table = KEYS[thing], TABLES[thing]
        self.id = rows.add_job("Welder") if thing == "job" else rows.add_user("Welder")

    def settle(self) -> None:
        """As if all had been embedded, after some failures."""
        self._rows.run(
            f"UPDATE {self.thing}_embeddings SET due_at = NULL, revision = 0,"
            " attempts = 3, last_error = 'refused'"
        )

    def set(self, assignment: str) -> None:
        self._rows.run(
            f"UPDATE {self.table} SET {assignment} WHERE {self.key} = %s", self.id
        )

    def effect(self, assignment: str) -> str:
        self.settle()
        notifications(self._rows)
        try:
            self.set(assignment)
        except psycopg2.Error:
            return "refused"
        heard = notifications(self._rows)
        state = {
            (): "gone",
            ((True, True, 0, None),): "due",
            ((None, False, 3, "refused"),): "nothing",
        }.get(tuple(self.states()), str(self.states()))
        return state if heard == (state == "due") else f"{state}, {heard} notifications"

    def states(self) -> list[tuple[Any, ...]]:
        return self._rows.run(
            f"SELECT due_at <= now(), revision > 0, attempts, last_error"
            f" FROM {self.thing}_embeddings WHERE {self.thing}_id = %s",
            self.id,
        )

    def column_types(self) -> dict[str, str]:
        found = self._rows.run(
            "SELECT column_name, data_type FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name = %s",
            self.table,
        )
        return dict(found)


def notifications(rows: Rows) -> int:
    """How many arrived since the last time. One's own arrive with the statement."""
    connection = rows._connection
    connection.poll()
    assert {notify.channel for notify in connection.notifies} <= {DUE_CHANNEL}
    count = len(connection.notifies)
    connection.notifies.clear()
    return count


@pytest.fixture
def add_model(database: DatabaseManager) -> Callable[[str], None]:
    def add(name: str) -> None:
        ModelStore(database).add(EmbeddingModel(name, name, None, 3, "roles-1", True))

    return add


@pytest.fixture
def listening(rows: Rows, add_model: Callable[[str], None]) -> Rows:
    """Plain SQL that hears what is notified, in a database with one model."""
    add_model("m")
    rows.run(f"LISTEN {DUE_CHANNEL}")
    return rows


@pytest.fixture
def job(listening: Rows) -> Watched:
    return Watched(listening, "job")


@pytest.fixture(params=THINGS)
def thing(request: pytest.FixtureRequest) -> Thing:
    name: Thing = request.param
    return name


@pytest.fixture
def watched(listening: Rows, thing: Thing) -> Watched:
    return Watched(listening, thing)


# --- which column does what


def test_a_change_of_a_column_makes_due_exactly_what_reads_it(
    listening: Rows, thing: Thing
) -> None:
    """A new column fails here: decide what it does, above."""
    effects = {}
    for column, type_ in Watched(listening, thing).column_types().items():
        watched = Watched(listening, thing)
        value = "'closed'" if column == "status" else OTHER_VALUES[type_]
        effects[column] = watched.effect(f"{column} = {value}")
    assert effects == COLUMNS[thing]


def test_an_update_to_the_same_value_makes_nothing_due(watched: Watched) -> None:
    types = watched.column_types()
    for column, type_ in types.items():
        if COLUMNS[watched.thing][column] == "due":
            # Another in each: one held against another column's would be seen.
            value = OTHER_VALUES[type_].replace("other", column)
            watched.set(f"{column} = {value}")
    for column in types:
        # What the database makes is refused even as it is.
        refused = column == "completeness" or COLUMNS["job"].get(column) == "refused"
        expected = "refused" if refused else "nothing"
        assert (column, watched.effect(f"{column} = {column}")) == (column, expected)


class Recorder(Mapping[str, object]):
    """Every field has the same value; remembers which were asked for."""

    def __init__(self, value: object) -> None:
        self._value = value
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> object:
        self.asked.add(name)
        return self._value

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("a template names the fields that it reads")

    def __len__(self) -> int:
        return 1


def read_by_templates(thing: Thing) -> set[str]:
    recorders = [Recorder(value) for value in (None, "", "1", True, ["1"], 1.0)]
    for template in TEMPLATES.values():
        for recorder in recorders:
            template.text(thing, recorder)
    return set.union(*(recorder.asked for recorder in recorders))


def read_of_its_own(thing: Thing) -> set[str]:
    """Without what was inferred: EnrichmentStore.store sees to that."""
    return {
        name for name in read_by_templates(thing) if not name.startswith("inferred_")
    }


def test_what_the_templates_read_is_what_makes_due(thing: Thing) -> None:
    due = {column for column, effect in COLUMNS[thing].items() if effect == "due"}
    assert read_of_its_own(thing) == due


def test_the_trigger_fires_on_what_the_templates_read(rows: Rows, thing: Thing) -> None:
    found = rows.run(
        "SELECT event_object_column FROM information_schema.triggered_update_columns"
        " WHERE trigger_name = %s",
        f"{thing}_text_changed",
    )
    assert read_of_its_own(thing) == {column for (column,) in found}


def test_the_query_reads_what_the_templates_read(
    database: DatabaseManager, thing: Thing
) -> None:
    with database.transaction() as cursor:
        cursor.run(f"read_{thing}s_to_embed", ids=[])
        columns = {column.name for column in cursor.raw.description or ()}
    assert read_by_templates(thing) == columns - {"id"}


# --- the life of a job


def embedded_jobs(rows: Rows) -> set[int]:
    return {job_id for (job_id,) in rows.run("SELECT job_id FROM job_embeddings")}


def test_a_new_job_or_person_gets_a_row_for_each_model(
    rows: Rows, add_model: Callable[[str], None], thing: Thing
) -> None:
    add_model("m1")
    add_model("m2")
    watched = Watched(rows, thing)
    assert watched.states() == [(True, True, 0, None)] * 2
    models = rows.run(f"SELECT model FROM {thing}_embeddings ORDER BY model")
    assert models == [("m1",), ("m2",)]


def test_a_change_makes_the_rows_of_all_models_due(
    rows: Rows, add_model: Callable[[str], None], thing: Thing
) -> None:
    add_model("m1")
    add_model("m2")
    watched = Watched(rows, thing)
    watched.settle()
    watched.set("salary_min = 7")
    assert watched.states() == [(True, True, 0, None)] * 2


@pytest.mark.parametrize(
    ("columns", "is_live"),
    [
        ({"title": "'Welder'"}, True),
        ({"title": "NULL"}, False),
        ({"title": "''"}, False),
        ({"title": r"E' \t\n'"}, False),
        ({"title": "'Welder'", "status": "'closed'"}, False),
        ({"title": "'Welder'", "posted_date": "CURRENT_DATE - 60"}, True),
        ({"title": "'Welder'", "posted_date": "CURRENT_DATE - 61"}, False),
        ({"title": "'Welder'", "first_seen_date": "CURRENT_DATE - 60"}, True),
        ({"title": "'Welder'", "first_seen_date": "CURRENT_DATE - 61"}, False),
        (
            {
                "title": "'Welder'",
                "first_seen_date": "CURRENT_DATE - 61",
                "posted_date": "CURRENT_DATE + 365",
            },
            False,
        ),
    ],
    ids=lambda value: (
        ", ".join(f"{k}={v}" for k, v in value.items())
        if isinstance(value, dict)
        else str(value)
    ),
)
def test_a_job_has_a_row_while_it_is_active_titled_and_of_the_last_60_days(
    listening: Rows, columns: dict[str, str], is_live: bool
) -> None:
    listening.run(
        f"INSERT INTO canonical_jobs (source, source_id, {', '.join(columns)})"
        f" VALUES ('test', '1', {', '.join(columns.values())})"
    )
    assert len(embedded_jobs(listening)) == int(is_live)
    assert notifications(listening) == int(is_live)


@pytest.mark.parametrize(
    ("posted", "listed"),
    [
        ("NULL", "CURRENT_DATE - 5"),
        ("CURRENT_DATE + 30", "CURRENT_DATE - 5"),
        ("CURRENT_DATE - 9", "CURRENT_DATE - 9"),
    ],
)
def test_a_job_counts_from_its_day_but_never_later_than_it_was_first_seen(
    listening: Rows, posted: str, listed: str
) -> None:
    listening.run(
        "INSERT INTO canonical_jobs (source, source_id, title, posted_date, first_seen_date)"
        f" VALUES ('test', '1', 'Welder', {posted}, CURRENT_DATE - 5)"
    )
    assert listening.value(f"SELECT fresh_on = {listed} FROM job_embeddings")


@pytest.mark.parametrize(
    ("end", "begin"),
    [
        ("status = 'closed'", "status = 'active'"),
        ("title = ' '", "title = 'Nurse'"),
        ("title = NULL", "title = 'Nurse'"),
        ("posted_date = CURRENT_DATE - 61", "posted_date = CURRENT_DATE"),
        ("first_seen_date = CURRENT_DATE - 61", "first_seen_date = CURRENT_DATE"),
    ],
)
def test_a_job_that_ends_loses_row_and_vector_and_one_that_comes_back_is_due(
    listening: Rows, job: Watched, end: str, begin: str
) -> None:
    listening.run("INSERT INTO job_vectors VALUES (%s, 'm', '[1,2,3]')", job.id)
    assert job.effect(end) == "gone"
    assert listening.vectors() == 0
    job.set(begin)
    ((is_due, *_),) = job.states()
    assert is_due
    assert notifications(listening) > 0


def test_a_job_that_is_deleted_takes_row_and_vector_along(
    listening: Rows, job: Watched
) -> None:
    listening.run("INSERT INTO job_vectors VALUES (%s, 'm', '[1,2,3]')", job.id)
    listening.run("DELETE FROM canonical_jobs")
    assert (embedded_jobs(listening), listening.vectors()) == (set(), 0)


def test_a_person_who_is_deleted_takes_row_and_vector_along(listening: Rows) -> None:
    watched = Watched(listening, "user")
    listening.run("INSERT INTO user_vectors VALUES (%s, 'm', '[1,2,3]')", watched.id)
    listening.run("DELETE FROM users")
    assert (watched.states(), listening.vectors("user")) == ([], 0)


def test_another_day_of_posting_moves_the_row_in_the_queue_and_costs_nothing(
    listening: Rows, job: Watched
) -> None:
    assert job.effect("posted_date = CURRENT_DATE - 3") == "nothing"
    assert listening.value("SELECT fresh_on = CURRENT_DATE - 3 FROM job_embeddings")


def test_a_person_who_says_something_new_comes_first_again(listening: Rows) -> None:
    watched = Watched(listening, "user")
    listening.run("UPDATE user_embeddings SET fresh_on = '2020-01-01'")
    watched.set("job_roles = '{Nurse}'")
    assert listening.value("SELECT fresh_on = CURRENT_DATE FROM user_embeddings")


def test_jobs_age_out(listening: Rows, database: DatabaseManager, job: Watched) -> None:
    kept = listening.add_job("Nurse")
    listening.run("INSERT INTO job_vectors VALUES (%s, 'm', '[1,2,3]')", job.id)
    # As time does: without a statement that a trigger could see.
    listening.run("SET session_replication_role = replica")
    job.set("first_seen_date = CURRENT_DATE - 61")
    listening.run("RESET session_replication_role")
    assert embedded_jobs(listening) == {job.id, kept}
    assert EmbeddingUpkeep(database).expire_jobs() == 1
    assert (embedded_jobs(listening), listening.vectors()) == ({kept}, 0)
    assert EmbeddingUpkeep(database).expire_jobs() == 0


# --- who is told


def test_many_changes_of_one_transaction_are_one_notification(
    listening: Rows, job: Watched
) -> None:
    listening.add_job("Nurse")
    job.settle()
    notifications(listening)
    listening.run("UPDATE canonical_jobs SET title = title || ' in Yaba'")
    assert notifications(listening) == 1


def test_another_session_hears_it_when_it_is_committed(
    database_url: str, listening: Rows
) -> None:
    writer = psycopg2.connect(database_url)
    with writer.cursor() as cursor:
        cursor.execute(
            "INSERT INTO canonical_jobs (source, source_id, title) VALUES ('x', '1', 'x')"
        )
        assert (embedded_jobs(listening), notifications(listening)) == (set(), 0)
    writer.commit()
    writer.close()
    assert len(embedded_jobs(listening)) == 1
    assert notifications_within(listening, seconds=10) == 1


def notifications_within(rows: Rows, seconds: float) -> int:
    count = notifications(rows)
    if not count:
        select.select([rows._connection], [], [], seconds)
        count = notifications(rows)
    return count


def test_a_transaction_that_is_rolled_back_leaves_nothing_due(
    watched: Watched, listening: Rows
) -> None:
    watched.settle()
    notifications(listening)
    listening.run("BEGIN")
    watched.set("salary_min = 7")
    assert watched.states() == [(True, True, 0, None)]
    listening.run("ROLLBACK")
    assert watched.states() == [(None, False, 3, "refused")]
    assert notifications(listening) == 0


def test_nobody_is_told_of_what_no_model_embeds(rows: Rows, thing: Thing) -> None:
    rows.run(f"LISTEN {DUE_CHANNEL}")
    watched = Watched(rows, thing)
    watched.set("salary_min = 7")
    assert (watched.states(), notifications(rows)) == ([], 0)


def test_nobody_is_told_of_a_change_of_a_closed_job(
    listening: Rows, job: Watched
) -> None:
    job.set("status = 'closed'")
    notifications(listening)
    job.set("title = 'Nurse'")
    assert (job.states(), notifications(listening)) == ([], 0)
