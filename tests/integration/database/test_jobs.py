from __future__ import annotations

import dataclasses
import hashlib
import threading
from datetime import date, timedelta
from typing import Any

import psycopg2
import pytest

from tests.acceptance.rows import Rows
from tests.conftest import Factory
from whatsapp_bot.bootstrap import App
from whatsapp_bot.database.database_manager import Cursor, DatabaseManager
from whatsapp_bot.database.history import HistoryStore
from whatsapp_bot.database.jobs import JobSearch, JobStore
from whatsapp_bot.database.models import INDEX_LOCK_KEY, ModelStore, index_name
from whatsapp_bot.database.queries import query
from whatsapp_bot.errors import DatabaseError, NotFound
from whatsapp_bot.intake.posting import parse_posting
from whatsapp_bot.records import EmbeddingModel, JobFilter, Row, SavedJob, SearchWords

# What the posting says, and what was inferred from it.
SAID: Row = {
    "title": "Registered Nurse",
    "company": 'Ada & "Co"',
    "location": "Ìbàdàn",
    "country": "Nigeria",
    "description": "100% care, {braces}, \\ and\nlines",
    "url": "https://example.com/1?a=%20b",
    "status": "active",
    "posted_date": (date.today() - timedelta(days=3)).isoformat(),
    "salary_min": 200_000.5,
    "salary_max": 400_000,
    "salary_currency": "NGN",
    "salary_period": "monthly",
    "employment_type": "full-time",
    "work_arrangement": "onsite",
    "experience_level": "senior",
    "years_min": 2.5,
    "years_max": 5,
    "skills": ["Triage", "First aid"],
    "category": "Health",
}
INFERRED: Row = {
    "ai_job_titles": ["Staff Nurse"],
    "ai_job_function": "Nursing",
    "ai_job_level": ["senior"],
    "ai_industry": ["Health"],
    "ai_city": "Ibadan",
    "ai_state": "Oyo",
    "ai_country": "Nigeria",
    "ai_work_arrangement": "onsite",
    "ai_remote_allowed": False,
    "ai_required_skills": ["Triage"],
    "ai_preferred_skills": ["Yoruba"],
    "ai_years_experience_min": 2,
    "ai_years_experience_max": 5,
    "ai_salary_min": 200_000,
    "ai_salary_max": 400_000,
    "ai_salary_currency": "NGN",
    "ai_salary_period": "monthly",
    "ai_summary": "Cares for people",
}
LISTS = {
    column for column, value in (SAID | INFERRED).items() if value.__class__ is list
}
BLANK: Row = {column: [] if column in LISTS else None for column in SAID | INFERRED}


def posting(source_id: str = "1", **fields: object) -> Row:
    content = BLANK | {"title": "Welder", "status": "active"} | fields
    text_hash = hashlib.sha256(repr(content).encode()).hexdigest()
    return {"source": "s", "source_id": source_id, "content_hash": text_hash} | content


@pytest.fixture
def jobs(database: DatabaseManager) -> JobStore:
    return JobStore(database)


@pytest.fixture
def user(rows: Rows) -> int:
    return rows.add_user("Welder")


def columns_of(rows: Rows, job: int, *columns: str) -> Row:
    values = rows.run(
        f"SELECT {', '.join(columns)} FROM canonical_jobs WHERE id = %s", job
    )
    return dict(zip(columns, values[0], strict=True))


def ids(found: list[Row]) -> list[int]:
    return [row["id"] for row in found]


# --- saving


def test_a_posting_is_new_then_unchanged_then_changed(jobs: JobStore) -> None:
    (first,) = jobs.save([posting()])
    assert first.outcome == "new"
    assert jobs.save([posting()]) == [SavedJob(first.id, "unchanged")]
    changed = posting(title="Nurse")
    assert jobs.save([changed]) == [SavedJob(first.id, "changed")]
    assert jobs.save([changed]) == [SavedJob(first.id, "unchanged")]


def test_postings_are_the_same_by_source_and_the_sources_id(jobs: JobStore) -> None:
    (one,) = jobs.save([posting("1")])
    other_id, other_source = jobs.save([posting("2"), posting("1") | {"source": "t"}])
    assert len({one.id, other_id.id, other_source.id}) == 3
    assert {other_id.outcome, other_source.outcome} == {"new"}


def test_a_batch_may_hold_all_outcomes(jobs: JobStore) -> None:
    jobs.save([posting("1"), posting("2")])
    saved = jobs.save([posting("1"), posting("2", title="Nurse"), posting("3")])
    outcomes = sorted(job.outcome for job in saved)
    assert outcomes == ["changed", "new", "unchanged"]
    assert jobs.save([]) == []


def test_every_column_is_saved_as_it_is_given(jobs: JobStore, rows: Rows) -> None:
    content = SAID | INFERRED
    (saved,) = jobs.save([posting(**content)])
    columns = columns_of(rows, saved.id, *content)
    assert columns | {"posted_date": columns["posted_date"].isoformat()} == content


def test_every_column_that_a_feed_may_fill_is_known_here(rows: Rows) -> None:
    found = rows.run(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND table_name = 'canonical_jobs'"
    )
    own = {"id", "source", "source_id", "content_hash", "first_seen_date"}
    own |= {"last_seen_at", "listed_date", "words", "employer_key", "posting_key"}
    assert {column for (column,) in found} - own == set(SAID) | set(INFERRED)


def test_what_a_posting_says_no_more_is_forgotten_but_its_day_and_what_was_inferred(
    jobs: JobStore, rows: Rows
) -> None:
    (saved,) = jobs.save([posting(**SAID, **INFERRED)])
    jobs.save([posting()])
    kept = columns_of(rows, saved.id, *INFERRED, "posted_date")
    assert kept == INFERRED | {"posted_date": date.fromisoformat(SAID["posted_date"])}
    said = [column for column in SAID if column != "posted_date"]
    expected = BLANK | {"title": "Welder", "status": "active"}
    assert columns_of(rows, saved.id, *said) == {name: expected[name] for name in said}


def test_what_is_inferred_anew_replaces_what_was_inferred(
    jobs: JobStore, rows: Rows
) -> None:
    jobs.save([posting(**INFERRED)])
    other: Row = {}
    for column, value in INFERRED.items():
        match value:
            case bool():
                other[column] = not value
            case list():
                other[column] = ["other"]
            case str():
                other[column] = "other"
            case _:
                other[column] = value + 1
    (saved,) = jobs.save([posting(**other)])
    assert columns_of(rows, saved.id, *INFERRED) == other


def test_a_posting_that_is_seen_again_was_first_seen_when_it_was(
    jobs: JobStore, rows: Rows
) -> None:
    (saved,) = jobs.save([posting()])
    rows.run(
        "UPDATE canonical_jobs"
        " SET first_seen_date = '2026-01-01', last_seen_at = '2026-01-01'"
    )
    jobs.save([posting()])
    seen = columns_of(rows, saved.id, "first_seen_date", "last_seen_at")
    assert seen["first_seen_date"] == date(2026, 1, 1)
    assert seen["last_seen_at"].date() > date(2026, 1, 1)


def test_a_job_that_is_seen_again_unchanged_makes_nothing_due(
    jobs: JobStore, rows: Rows, models: ModelStore
) -> None:
    jobs.save([posting(**SAID, **INFERRED)])
    rows.run("UPDATE job_embeddings SET due_at = NULL")
    jobs.save([posting(**SAID, **INFERRED)])
    jobs.save([posting(**SAID)])
    assert rows.due == 0
    jobs.save([posting(**SAID | {"title": "Welder"})])
    assert rows.due == 1


def test_a_job_closes_and_reopens_as_its_posting_says(
    jobs: JobStore, rows: Rows, models: ModelStore
) -> None:
    for status, due in (("active", 1), ("closed", 0), ("active", 1)):
        jobs.save([posting(status=status)])
        assert rows.due == due


def test_a_batch_is_saved_whole_or_not_at_all(jobs: JobStore, rows: Rows) -> None:
    with pytest.raises(DatabaseError):
        jobs.save([posting("1"), posting("2", status="nonsense")])
    assert rows.value("SELECT count(*) FROM canonical_jobs") == 0


def test_very_long_texts_are_saved(jobs: JobStore) -> None:
    words = [f"word{n}" for n in range(100_000)]
    text = " ".join(words)
    content: Row = {
        "title": text,
        "description": text,
        "skills": words,
        "category": text,
    }
    (saved,) = jobs.save([posting(**content, ai_job_titles=words)])
    assert saved.outcome == "new"


# --- searching by words


def add_jobs(jobs: JobStore, *titles: str, **fields: object) -> list[int]:
    return [
        saved.id
        for n, title in enumerate(titles)
        for saved in jobs.save([posting(f"{title} {n}", title=title, **fields)])
    ]


NO_WORDS = SearchWords([], [], [])


def by_words(
    jobs: JobStore, user: int, *roles: str, limit: int = 10, unseen: bool = False
) -> list[int]:
    with jobs.search(user, unseen) as search:
        return ids(search.find_by_words(SearchWords(list(roles), [], []), None, limit))


def newest(
    jobs: JobStore, user: int, limit: int = 10, unseen: bool = False
) -> list[int]:
    with jobs.search(user, unseen) as search:
        return ids(search.find_newest(None, limit))


def test_a_title_weighs_more_than_a_skill_and_both_more_than_either(
    jobs: JobStore, user: int
) -> None:
    (by_skill,) = add_jobs(jobs, "Ward Manager", skills=["Triage"])
    (by_both,) = add_jobs(jobs, "Staff Nurse", skills=["Triage"])
    by_title, by_trade, _ = add_jobs(jobs, "Nurse", "Nurse Recruiter", "Driver")
    words = SearchWords(["staff nurse", "nurse"], ["nurse"], ["triage"])
    with jobs.search(user) as search:
        found = ids(search.find_by_words(words, None, 10))
    assert found == [by_both, by_trade, by_title, by_skill]


def test_a_near_job_comes_before_one_as_good(jobs: JobStore, user: int) -> None:
    (near,) = add_jobs(jobs, "Staff Nurse", location="Yaba/Lagos")
    add_jobs(jobs, "Nurse", "Nurse", location="Kano")
    words = SearchWords(["nurse"], [], [], "('yaba') | ('victoria' & 'island')")
    with jobs.search(user) as search:
        assert ids(search.find_by_words(words, None, 1)) == [near]


@pytest.mark.parametrize(
    ("title", "said", "other"),
    [
        ("C# Developer", "c# developer", "C Developer"),
        ("Engineer (C++/Qt)", "c++ engineer", "C Engineer"),
        (".NET Engineer", ".net engineer", "Net Fisher, Engineer"),
        ("ASP.NET Engineer", ".net engineer", "ASP Engineer"),
        ("Node.js Developer", "nodejs developer", "Node Developer"),
        ("QuickBooks Accountant", "quickbooks accountant", "Books Accountant"),
        ("HSE/Safety Officer", "hse officer", "Safety Officer"),
        ("IT Officer", "it officer", "Officer"),
        ("Drivers wanted", "driver", "Drive-in Cook"),
        ("Bell’s Cook—Lagos", "cook", "Cookery Teacher, Bell"),
    ],
)
def test_names_are_found_as_they_are_written_and_nothing_else(
    jobs: JobStore, user: int, title: str, said: str, other: str
) -> None:
    meant, _ = add_jobs(jobs, title, other)
    assert by_words(jobs, user, said) == [meant]


@pytest.mark.parametrize("words", ["", " ", "'", '"', "%s", "(((", ":*&|!", "+#."])
def test_words_that_say_nothing_find_nothing(
    jobs: JobStore, user: int, words: str
) -> None:
    add_jobs(jobs, "Welder")
    assert by_words(jobs, user, words) == []


def test_words_cannot_break_out_of_the_statement(jobs: JobStore, user: int) -> None:
    add_jobs(jobs, "Welder")
    assert by_words(jobs, user, "' OR 1=1 --", "welder') | ('x") == []


def make_unfindable(rows: Rows, job: int, how: str) -> None:
    rows.run(f"UPDATE canonical_jobs SET {how} WHERE id = %s", job)


NOT_LIVE = ["status = 'closed'", "first_seen_date = CURRENT_DATE - 61"]


@pytest.mark.parametrize("how", NOT_LIVE)
def test_words_and_the_newest_find_only_live_jobs(
    jobs: JobStore, user: int, rows: Rows, how: str
) -> None:
    ended, live = add_jobs(jobs, "Welder", "Welder")
    make_unfindable(rows, ended, how)
    assert by_words(jobs, user, "welder") == [live]
    assert newest(jobs, user) == [live]


def test_the_newest_come_first_and_of_one_day_the_last(
    jobs: JobStore, user: int, rows: Rows
) -> None:
    old, middle, new = add_jobs(jobs, "Welder", "Welder", "Welder")
    rows.run(
        "UPDATE canonical_jobs SET posted_date = CURRENT_DATE - 9 WHERE id = %s", old
    )
    assert newest(jobs, user) == [new, middle, old]
    assert newest(jobs, user, limit=2) == [new, middle]
    assert by_words(jobs, user, "welder", limit=2) == [new, middle]


def test_what_a_person_was_shown_can_be_left_out(
    jobs: JobStore, user: int, rows: Rows, history: HistoryStore
) -> None:
    other = rows.add_user("Welder")
    first, second = add_jobs(jobs, "Welder", "Welder")
    history.record_shown(user, [second])
    history.record_shown(user, [second])  # twice is harmless
    for unseen, asker, expected in (
        (True, user, [first]),
        (False, user, [second, first]),
        (True, other, [second, first]),
    ):
        assert by_words(jobs, asker, "welder", unseen=unseen) == expected
        assert newest(jobs, asker, unseen=unseen) == expected


def test_a_match_never_carries_a_whole_description_or_a_vector(
    jobs: JobStore, user: int
) -> None:
    add_jobs(jobs, "Welder", description="x" * 100_000)
    with jobs.search(user) as search:
        (row,) = search.find_newest(None, 1)
    assert len(row["description"]) == 2000
    assert not {"words", "embedding"} & set(row)


# --- searching by vectors


def vector(angle: float) -> str:
    """Nearer to [1, 0, 0] the smaller it is."""
    return f"[1,{angle},0]"


def give_vectors(rows: Rows, user: int, model: str = "m", **angles: float) -> list[int]:
    """A person's vector, and a job for each angle, nearest first by their names."""
    found = []
    rows.run("INSERT INTO user_vectors VALUES (%s, %s, '[1,0,0]')", user, model)
    for title, angle in angles.items():
        job = rows.add_job(title)
        rows.run(
            "INSERT INTO job_vectors VALUES (%s, %s, %s)", job, model, vector(angle)
        )
        found.append(job)
    return found


@pytest.fixture
def nearest(models: ModelStore, rows: Rows, user_of_model: int) -> list[int]:
    """Three jobs, the nearest to the person first."""
    return give_vectors(rows, user_of_model, near=0.1, further=0.5, furthest=2)


@pytest.fixture
def user_of_model(models: ModelStore, rows: Rows) -> int:
    return rows.add_user("Welder")


def find(jobs: JobStore, user: int, limit: int = 10, unseen: bool = False) -> list[Row]:
    """The nearest by vector: without words there is nothing else."""
    with jobs.search(user, unseen) as search:
        rows = search.find_candidates(NO_WORDS, None, limit)
    return sorted(rows, key=lambda row: float(row["distance"]))


def test_the_nearest_come_first_with_their_distance(
    jobs: JobStore, user_of_model: int, nearest: list[int]
) -> None:
    found = find(jobs, user_of_model)
    assert ids(found) == nearest
    for row, angle in zip(found, (0.1, 0.5, 2), strict=True):
        cosine = 1 / (1 + angle**2) ** 0.5
        assert row["distance"] == pytest.approx(1 - cosine, abs=1e-3)


def test_not_more_are_found_than_asked_for(
    jobs: JobStore, user_of_model: int, nearest: list[int]
) -> None:
    assert ids(find(jobs, user_of_model, limit=2)) == nearest[:2]


def test_more_than_the_index_can_be_asked_for_is_no_error(
    jobs: JobStore, user_of_model: int, nearest: list[int]
) -> None:
    assert ids(find(jobs, user_of_model, limit=100_000)) == nearest


def test_those_a_person_was_shown_leave_room_for_others(
    jobs: JobStore, user_of_model: int, nearest: list[int], history: HistoryStore
) -> None:
    history.record_shown(user_of_model, nearest[:1])
    assert ids(find(jobs, user_of_model, 1, unseen=True)) == nearest[1:2]
    assert ids(find(jobs, user_of_model, 1, unseen=False)) == nearest[:1]


@pytest.mark.parametrize("how", NOT_LIVE)
def test_a_job_that_ended_unseen_by_the_triggers_is_not_found(
    jobs: JobStore, user_of_model: int, nearest: list[int], rows: Rows, how: str
) -> None:
    rows.run("SET session_replication_role = replica")
    make_unfindable(rows, nearest[0], how)
    assert rows.vectors() == 3
    assert ids(find(jobs, user_of_model)) == nearest[1:]


def test_a_person_without_a_vector_has_none_near(
    jobs: JobStore, nearest: list[int], rows: Rows
) -> None:
    assert find(jobs, rows.add_user("Welder")) == []


def test_vectors_of_two_models_are_never_compared(
    jobs: JobStore, user_of_model: int, models: ModelStore, rows: Rows
) -> None:
    models.add(EmbeddingModel("other", "other", None, 2, "roles-1", False))
    job = rows.add_job("Welder")
    rows.run("INSERT INTO job_vectors VALUES (%s, 'other', '[1,0]')", job)
    rows.run("INSERT INTO user_vectors VALUES (%s, 'm', '[1,0,0]')", user_of_model)
    assert find(jobs, user_of_model) == []
    models.use("other")
    assert find(jobs, user_of_model) == []


# --- the vector index


class ExplainingCursor(Cursor):
    def rows(self, name: str, /, **values: object) -> list[Row]:
        settings, _, statement = query(name).partition(";")
        self.raw.execute(settings, values)
        self.raw.execute("EXPLAIN " + statement, values)
        return self.raw.fetchall()


def explain_nearest(database: DatabaseManager, user: int, **settings: str) -> str:
    with database.transaction() as cursor:
        for name, value in settings.items():
            cursor.raw.execute(f"SET LOCAL {name} = {value}")
        seeker = cursor.row("read_seeker", user_id=user)
        assert seeker is not None
        search = JobSearch(ExplainingCursor(cursor.raw), seeker, unseen=True)
        plan = search.find_candidates(NO_WORDS, JobFilter(only_remote=True), 4)
        return "\n".join(row["QUERY PLAN"] for row in plan)


def test_the_index_is_valid_and_the_search_uses_it(
    jobs: JobStore,
    models: ModelStore,
    database: DatabaseManager,
    user_of_model: int,
    nearest: list[int],
) -> None:
    assert not models.has_index("m")
    assert index_name("m") not in explain_nearest(database, user_of_model)
    assert models.build_index(models.get("m"))
    assert models.has_index("m")
    plan = explain_nearest(
        database, user_of_model, enable_seqscan="off", enable_sort="off"
    )
    assert f"Index Scan using {index_name('m')}" in plan
    assert ids(find(jobs, user_of_model)) == nearest


def test_an_index_that_is_there_is_not_built_again(
    models: ModelStore, nearest: list[int], rows: Rows
) -> None:
    models.build_index(models.get("m"))
    oid = "SELECT to_regclass(%s)::oid"
    before = rows.value(oid, index_name("m"))
    assert not models.build_index(models.get("m"))
    assert rows.value(oid, index_name("m")) == before


def test_what_is_left_of_a_build_that_was_cut_off_is_built_anew(
    models: ModelStore, nearest: list[int], rows: Rows
) -> None:
    rows.run("UPDATE job_vectors SET embedding = '[1]' WHERE job_id = %s", nearest[0])
    with pytest.raises(DatabaseError, match="expected 3 dimensions"):
        models.build_index(models.get("m"))
    assert rows.value(
        "SELECT NOT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)",
        index_name("m"),
    )
    assert not models.has_index("m")
    rows.run("DELETE FROM job_vectors WHERE job_id = %s", nearest[0])
    assert models.build_index(models.get("m"))
    assert models.has_index("m")


def test_only_one_process_builds_an_index(
    models: ModelStore, nearest: list[int], database_url: str
) -> None:
    builder = psycopg2.connect(database_url)
    with builder.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (INDEX_LOCK_KEY,))
    assert not models.build_index(models.get("m"))
    assert not models.has_index("m")
    builder.rollback()
    builder.close()
    assert models.build_index(models.get("m"))


# --- models


def model(name: str, **changes: Any) -> EmbeddingModel:
    base = EmbeddingModel(name, f"api-{name}", "https://x/v1", 3, "roles-1", False)
    return dataclasses.replace(base, **changes)


def live_models(rows: Rows) -> list[str]:
    found = rows.run("SELECT name FROM embedding_models WHERE state = 'live'")
    return [name for (name,) in found]


def test_the_first_model_is_live_and_each_other_is_filled_beside_it(
    database: DatabaseManager,
) -> None:
    models = ModelStore(database)
    assert (models.list(), models.live()) == ([], None)
    first = models.add(model("first"))
    assert first == model("first", is_live=True)
    second = models.add(model("second", base_url=None, dimensions=3900))
    assert second == model("second", base_url=None, dimensions=3900)
    assert models.list() == [first, second]
    assert models.live() == first


def test_a_model_that_is_known_stays_as_it_is(models: ModelStore) -> None:
    known = models.get("m")
    assert models.add(dataclasses.replace(known, dimensions=7)) == known


def test_another_model_goes_live_and_the_one_before_is_kept(
    models: ModelStore, rows: Rows
) -> None:
    models.add(model("other"))
    models.use("other")
    assert live_models(rows) == ["other"]
    models.use("other")
    assert live_models(rows) == ["other"]
    models.use("m")
    assert live_models(rows) == ["m"]


def test_a_model_that_does_not_exist_leaves_the_live_one_live(
    models: ModelStore, rows: Rows
) -> None:
    for refuse in (models.use, models.get, models.drop):
        with pytest.raises(NotFound, match="nonsense"):
            refuse("nonsense")
    assert live_models(rows) == ["m"]


def test_there_cannot_be_two_live_models(models: ModelStore, rows: Rows) -> None:
    models.add(model("other"))
    with pytest.raises(psycopg2.errors.UniqueViolation):
        rows.run("UPDATE embedding_models SET state = 'live'")
    assert live_models(rows) == ["m"]


def test_a_model_that_is_dropped_takes_its_vectors_and_its_index_along(
    models: ModelStore, rows: Rows, nearest: list[int]
) -> None:
    models.add(model("other"))
    models.build_index(models.get("m"))
    models.use("other")
    assert models.count_job_vectors("m") == 3
    models.drop("m")
    assert [left.name for left in models.list()] == ["other"]
    assert (rows.vectors("job"), rows.vectors("user")) == (0, 0)
    assert rows.value("SELECT count(*) FROM job_embeddings WHERE model = 'm'") == 0
    assert rows.value("SELECT to_regclass(%s)", index_name("m")) is None


def test_the_live_model_is_not_dropped(models: ModelStore, nearest: list[int]) -> None:
    with pytest.raises(NotFound, match="m is live"):
        models.drop("m")
    assert models.count_job_vectors("m") == 3


def test_a_models_index_has_a_name_that_fits(models: ModelStore) -> None:
    names = [index_name(text) for text in ("x" * 500, "x" * 501, 'a"b')]
    assert len(set(names)) == 3
    assert all(len(name) < 63 and name.isidentifier() for name in names)


def test_an_import_that_crosses_another_writer_is_tried_again(
    app: App, make: Factory
) -> None:
    """A deadlock by force: each holds the embeddings row that the other wants next."""
    first, second = make.job("Cook"), make.job("Nurse")
    lock = "UPDATE job_embeddings SET attempts = attempts WHERE job_id = %s"
    other = app.database.connect()
    other.autocommit = False
    saved: list[int] = []
    with other.cursor() as cursor:
        # The other waits for ever, so it is the import that PostgreSQL ends.
        cursor.execute("SET LOCAL deadlock_timeout = '10min'")
        cursor.execute(lock, (second,))
        saving = threading.Thread(target=lambda: saved.extend(save_both(app)))
        saving.start()
        while not is_somebody_waiting(app):
            pass
        cursor.execute(lock, (first,))
    other.commit()
    other.close()
    saving.join(30)
    assert saved == [first, second]


def save_both(app: App) -> list[int]:
    records = [
        {"id": "1", "title": "Chef", "source": "test"},
        {"id": "2", "title": "Midwife", "source": "test"},
    ]
    rows = app.parser.save_postings([parse_posting(record) for record in records])
    return [row.id for row in rows]


def is_somebody_waiting(app: App) -> bool:
    with app.database.transaction() as cursor:
        cursor.raw.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted) AS yes"
        )
        row = cursor.raw.fetchone()
    return bool(row and row["yes"])
