"""The searches that the speed benchmark holds against each other.

Ours by their public names, and what they are compared with. Each takes the wired
application and a person's id.
"""

from __future__ import annotations

from datetime import date

from benchmarks.matching_speed_clients import Answer, ids_of
from benchmarks.matching_speed_truth import WANTED
from benchmarks.synthetic_jobs import COLUMNS
from whatsapp_bot.bootstrap import App
from whatsapp_bot.matching.embedding_job_matcher import FEWEST_CANDIDATES
from whatsapp_bot.matching.intelligent_job_matcher import IntelligentJobMatcher
from whatsapp_bot.matching.scoring import examine, score
from whatsapp_bot.matching.search_words import search_words
from whatsapp_bot.matching.seeker import Seeker
from whatsapp_bot.matching.wishes import Wishes

PERSON = """
    WITH person AS MATERIALIZED (
        SELECT embedding::halfvec({dimensions}) AS embedding
          FROM user_vectors WHERE user_id = %(person)s AND model = %(model)s)"""
DISTANCE = "v.embedding::halfvec({dimensions}) <=> (SELECT embedding FROM person)"
NEAREST = (
    PERSON
    + f"""
    SELECT v.job_id FROM job_vectors v
     WHERE v.model = '{{model}}' AND {{condition}}
     ORDER BY {DISTANCE} LIMIT %(wanted)s"""
)
NEAREST_OF_PASSING = (
    PERSON
    + f""", passing AS MATERIALIZED ({{passing}})
    SELECT v.job_id FROM passing p
      JOIN job_vectors v ON v.job_id = p.id AND v.model = %(model)s
     ORDER BY {DISTANCE} LIMIT %(wanted)s"""
)
ONLY_VECTOR_INDEX = """
    SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off;
    SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;
    SET LOCAL hnsw.iterative_scan = relaxed_order;
    SET LOCAL hnsw.ef_search = {ef}"""
RECENT = f"""
    SELECT {COLUMNS}, listed_date FROM canonical_jobs
     WHERE status = 'active' AND listed_date >= CURRENT_DATE - 60"""
NO_VECTOR_INDEX = "SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off"

# Ours


def find_candidates(app: App, person: int, unseen: bool = False) -> Answer:
    """The retrieval of the whole search: what vectors and words choose, as rows; those
    that words alone found come last."""
    with app.jobs.search(person, unseen) as search:
        musts = Seeker.of(search.preferences, search.feedback()).musts
        words = search_words(musts.wishes)
        rows = search.find_candidates(words, musts.filter, FEWEST_CANDIDATES)
    rows.sort(key=lambda row: row["distance"])
    return _answer([row["id"] for row in rows])


def search_jobs(app: App, person: int, limit: int, unseen: bool = False) -> Answer:
    """All of it: found, scored, with reasons."""
    result = app.controller.search_jobs_for_user(person, limit, unseen)
    if result.matcher != "embedding":
        raise SystemExit(f"error: vectors did not answer: {result.fallback_reason}")
    return _answer([match.job_id for match in result.matches])


def search_by_words(app: App, person: int) -> Answer:
    """The fallback, where there is no vector."""
    matches = IntelligentJobMatcher(app.jobs).find_matching_jobs(person, WANTED)
    return _answer([match.job_id for match in matches])


def search_without_vector(app: App, person: int, limit: int) -> Answer:
    """The whole search for a person who has no vector: the bot falls back."""
    result = app.controller.search_jobs_for_user(person, limit)
    if result.matcher != "keyword":
        raise SystemExit("error: vectors answered for a person who has none")
    return _answer([match.job_id for match in result.matches])


# What they are compared with


def search_vector_index(app: App, person: int, ef: int) -> Answer:
    """Nothing but the index: 50 ids."""
    return _nearest(app, person, ONLY_VECTOR_INDEX.format(ef=ef), "true")


def scan_live(app: App, person: int) -> Answer:
    """Compare with every live vector, exactly."""
    return _nearest(app, person, NO_VECTOR_INDEX, "true")


def read_all_and_score(app: App, person: int) -> Answer:
    """The keyword matcher of the first design: every recent row into Python."""
    wishes, today = Wishes.of(app.users.get_preferences(person)), date.today()
    with app.database.transaction() as cursor:
        cursor.raw.execute(RECENT)
        rows = cursor.raw.fetchall()
    scores = [(score(examine(wishes, row, today), None), row["id"]) for row in rows]
    scores.sort(reverse=True)
    return _answer([job_id for _, job_id in scores[:WANTED]])


# Filters: {condition} of job_vectors v, {passing} a SELECT of ids


def scan_index_with(app: App, person: int, condition: str, ef: int = 100) -> Answer:
    """Along the vector index until 50 pass."""
    return _nearest(app, person, ONLY_VECTOR_INDEX.format(ef=ef), condition)


def compare_all_of(app: App, person: int, passing: str) -> Answer:
    """Find all that pass, then compare with each of them, exactly."""
    statement = NEAREST_OF_PASSING.replace("{passing}", passing)
    return _run(app, person, "", statement)


def _nearest(app: App, person: int, settings: str, condition: str) -> Answer:
    return _run(app, person, settings, NEAREST.replace("{condition}", condition))


def _run(app: App, person: int, settings: str, statement: str) -> Answer:
    model = app.live_model
    statement = statement.replace("{dimensions}", str(model.dimensions))
    statement = statement.replace("{model}", model.name)
    values = {"person": person, "model": model.name, "wanted": WANTED}
    with app.database.transaction() as cursor:
        if settings:
            cursor.raw.execute(settings)
        return _answer(ids_of(cursor, statement, values))


def _answer(ids: list[int]) -> Answer:
    return Answer(ids, len(ids))
