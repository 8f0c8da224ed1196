"""How good the matches are, on labelled postings, end to end.

For each corpus of the benchmark a scratch database: its postings imported, with their
dates moved into the last days, the profiles saved as people, the keyword matcher asked,
then everything embedded by one pass of the daemon, and asked again:

  keyword    the bot, while no job has a vector
  full text  PostgreSQL's ts_rank of any of the roles' words, titles weighing most
  vectors    the nearest vectors, exactly, and nothing else
  ours       the bot

Prints the tables of docs/matching.md.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from benchmarks import scratch
from benchmarks.matching_quality_data import Corpus, Profile, read_corpora
from benchmarks.matching_quality_figures import DEPTH
from benchmarks.matching_quality_tables import Ranking, tables
from benchmarks.scratch import Scratch, require
from whatsapp_bot.database.history import HistoryStore
from whatsapp_bot.errors import InputError
from whatsapp_bot.intake.importer import JobImporter, find_date_shift
from whatsapp_bot.intake.profile import Person, parse_preferences
from whatsapp_bot.scheduler_service import SchedulerService

EXAMPLES = """examples:
  python -m benchmarks.matching_quality FOLDER
  python -m benchmarks.matching_quality FOLDER --write docs/matching.md
  python -m benchmarks.matching_quality FOLDER --template everything-1
  OPENAI_API_KEY=... python -m benchmarks.matching_quality FOLDER --hosted
"""
DAYS = 30  # the posting dates are moved into the last so many
MARK = "<!-- What follows is written by benchmarks/matching_quality.py. -->\n"
HOSTED = re.compile(r"(OPENAI|EMBEDDING)_\w+")
SOURCE = "benchmark"
JOB_IDS = "SELECT id, source_id FROM canonical_jobs"
UNSEEN = """NOT EXISTS (SELECT FROM user_job_history h
                         WHERE h.user_id = %(user)s AND h.job_id = """
INDEX_TEXT = """
    CREATE TABLE full_text AS
    SELECT id, setweight(to_tsvector('english', left(coalesce(title, ''), 1000)), 'A')
               || setweight(to_tsvector('english', left(join_words(skills), 10000)), 'C')
               AS words
      FROM canonical_jobs;
    CREATE INDEX ON full_text USING gin (words);
    ANALYZE full_text"""
BY_TEXT = f"""
    SELECT j.id FROM full_text j, websearch_to_tsquery('english', %(words)s) AS q
     WHERE j.words @@ q AND {UNSEEN} j.id)
     ORDER BY ts_rank(j.words, q) DESC, j.id LIMIT %(limit)s"""
BY_VECTOR = f"""
    SELECT v.job_id AS id FROM job_vectors v, user_vectors p
     WHERE p.user_id = %(user)s AND v.model = p.model AND {UNSEEN} v.job_id)
     ORDER BY v.embedding <=> p.embedding, v.job_id LIMIT %(limit)s"""

Ids = dict[int, str]  # ours -> the benchmark's
Found = list[tuple[int, float | None]]  # job, score
People = list[tuple[int, Profile]]


@dataclass(frozen=True)
class Filled:
    """A scratch database with a corpus in it."""

    place: Scratch
    people: People
    ids: Ids

    def rank(self, matcher: str, ask: Callable[[int, Profile], Found]) -> list[Ranking]:
        return [self._ranking(matcher, profile, ask(user, profile))
                for user, profile in self.people]  # fmt: skip

    def _ranking(self, matcher: str, profile: Profile, found: Found) -> Ranking:
        jobs = [self.ids[job] for job, _ in found]
        return Ranking(matcher, profile, jobs, [score for _, score in found])


def main(argv: list[str] | None = None) -> int:
    parser = scratch.parser(__doc__, EXAMPLES)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="of the benchmark")
    parser.add_argument(
        "--template", default="", help="of the texts (EMBEDDING_TEMPLATE)"
    )
    parser.add_argument(
        "--hosted",
        action="store_true",
        help="the model that the environment's OPENAI_ and EMBEDDING_ variables name",
    )
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="put the tables into this page"
    )
    options = parser.parse_args(argv)
    return scratch.guarded(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    # The keyword matcher is a fallback, and would say so for each profile.
    logging.getLogger("whatsapp_bot").setLevel(logging.ERROR)
    settings = dict(filter(_names_model, os.environ.items())) if options.hosted else {}
    if options.template:
        settings["EMBEDDING_TEMPLATE"] = options.template
    rankings: list[Ranking] = []
    model = ""
    for corpus in read_corpora(options.folder):
        with scratch.scratch(**settings) as place:
            live = place.app.live_model
            model = f"`{live.name}`, template `{live.template}`"
            sys.stderr.write(f"{corpus.name}: {len(corpus.postings):,} postings\n")
            rankings += _measure(place, corpus)
    page = tables(rankings, model)
    print(page)
    if options.write is not None:
        _write(options.write, page)


def _names_model(variable: tuple[str, str]) -> bool:
    return HOSTED.fullmatch(variable[0]) is not None


def _write(path: Path, page: str) -> None:
    above, mark, _ = path.read_text(encoding="utf-8").partition(MARK)
    require(bool(mark), f"{path} has no line {MARK.strip()}")
    path.write_text(f"{above}{MARK}\n{page}\n", encoding="utf-8")


def _measure(place: Scratch, corpus: Corpus) -> list[Ranking]:
    ids = _import(place, corpus)
    filled = Filled(place, _save_people(place, corpus, ids), ids)
    rankings = filled.rank("keyword", _ask_bot(place, "keyword"))
    SchedulerService(place.app).run_once()
    facts = place.app.store("job").facts()
    require(0 < facts.eligible == facts.embedded, "not every posting has a vector")
    rankings += filled.rank("full text", _ask_server(place, BY_TEXT))
    rankings += filled.rank("vectors", _ask_server(place, BY_VECTOR))
    rankings += filled.rank("ours", _ask_bot(place, "embedding"))
    return rankings


def _import(place: Scratch, corpus: Corpus) -> Ids:
    path = place.folder / "postings.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for posting in corpus.postings:
            file.write(json.dumps({**posting, "source": SOURCE}) + "\n")
    importer = JobImporter(place.app.parser, on_skip=_on_skip)
    totals = importer.import_file(
        path, SOURCE, find_date_shift(path, DAYS, date.today())
    )
    require(totals.new == len(corpus.postings), "not every posting is new")
    with place.app.database.transaction() as cursor:
        cursor.raw.execute(INDEX_TEXT)
        cursor.raw.execute(JOB_IDS)
        return {row["id"]: row["source_id"] for row in cursor.raw.fetchall()}


def _on_skip(number: int, reason: str) -> None:
    sys.stderr.write(f"posting {number} skipped: {reason}\n")


def _save_people(place: Scratch, corpus: Corpus, ids: Ids) -> People:
    """Each has already been shown what is left out for her."""
    ours = {theirs: id_ for id_, theirs in ids.items()}
    people: People = []
    history = HistoryStore(place.app.database)
    for profile in corpus.profiles:
        try:
            preferences = parse_preferences(profile.preferences)
        except InputError as error:
            sys.stderr.write(f"profile {profile.id} skipped: {error}\n")
            continue
        person = Person(profile.id, None, "en", preferences)
        user = place.app.preference_manager.save_person(person)
        shown = [ours[job] for job in profile.left_out if job in ours]
        history.record_shown(user, shown)
        people.append((user, profile))
    return people


def _ask_bot(place: Scratch, matcher: str) -> Callable[[int, Profile], Found]:
    def ask(user: int, profile: Profile) -> Found:
        result = place.app.controller.search_jobs_for_user(user, DEPTH, unseen=True)
        # Where no job is near enough, the bot asks for words by itself.
        require(matcher != "keyword" or result.matcher == matcher, "vectors answered")
        return [(match.job_id, match.match_score) for match in result.matches]

    return ask


def _ask_server(place: Scratch, statement: str) -> Callable[[int, Profile], Found]:
    def ask(user: int, profile: Profile) -> Found:
        values = {"user": user, "words": _any_of(profile), "limit": DEPTH}
        with place.app.database.transaction() as cursor:
            cursor.raw.execute(statement, values)
            return [(row["id"], None) for row in cursor.raw.fetchall()]

    return ask


def _any_of(profile: Profile) -> str:
    roles = profile.preferences.get("job_roles")
    said = " ".join(roles) if isinstance(roles, Sequence) else ""
    words = re.findall(r"\w+", said.lower())
    return " or ".join(word for word in dict.fromkeys(words) if word != "or")


if __name__ == "__main__":
    sys.exit(main())
