"""How long it takes to find, among many people, those whom new jobs suit; by stage, with
the memory, and beside the cross join in SQL on some of the jobs.

Postings and people are invented, of sixteen trades: a job suits some five people in a
hundred, which is more than in life. Their vectors are made by the local model or, with
1,536 dimensions, by the tests' embeddings service. Nothing is left behind.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import itertools
import json
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from benchmarks import scratch
from benchmarks.invented_postings import CITIES, FIELDS, LEVELS, WORK, invent_postings
from benchmarks.loopback import loopback
from benchmarks.scratch import Neighbours, Scratch, require
from whatsapp_bot import door
from whatsapp_bot.bootstrap import App
from whatsapp_bot.database.database_manager import as_json
from whatsapp_bot.database.vectors import VectorStore
from whatsapp_bot.intake.posting import parse_posting
from whatsapp_bot.matching import new_jobs, reverse_match, short_list
from whatsapp_bot.matching.new_jobs import NewJobs
from whatsapp_bot.matching.score_bounds import ScoreBounds
from whatsapp_bot.matching.seeker import Seeker
from whatsapp_bot.records import Thing

EXAMPLES = """examples:
  python -m benchmarks.reverse_match                          1,000 jobs, 100,000 people
  python -m benchmarks.reverse_match --people 10000           quicker
  python -m benchmarks.reverse_match --dimensions 1536
"""
SAVED_AT_ONCE = 500  # rows
CROSS_JOIN = """
    SELECT count(*)
      FROM (SELECT * FROM job_vectors ORDER BY job_id LIMIT %s) AS v
     CROSS JOIN user_vectors u
     WHERE v.embedding <=> u.embedding <= %s"""
SAVE_PEOPLE = """
    WITH new AS (
        INSERT INTO users (external_id)
        SELECT p ->> 'external_id' FROM jsonb_array_elements(%s) AS p
        RETURNING id, external_id)
    INSERT INTO user_preferences (user_id, job_roles, technical_skills,
                                  preferred_locations, years_of_experience, salary_min)
    SELECT new.id, p.job_roles, p.technical_skills, p.preferred_locations, p.years, p.salary
      FROM jsonb_to_recordset(%s) AS p(external_id text, job_roles text[],
           technical_skills text[], preferred_locations text[], years real,
           salary double precision)
      JOIN new USING (external_id)"""


def main(argv: list[str] | None = None) -> int:
    parser = scratch.parser(__doc__, EXAMPLES)
    parser.add_argument("--jobs", type=int, default=1_000, metavar="N")
    parser.add_argument("--people", type=int, default=100_000, metavar="N")
    parser.add_argument("--dimensions", type=int, choices=(256, 1536), default=256)
    parser.add_argument(
        "--threshold", type=int, default=reverse_match.ALERT_SCORE, metavar="SCORE"
    )
    parser.add_argument(
        "--cross-jobs", type=int, default=10, metavar="N", help="for the SQL (10)"
    )
    parser.add_argument("--measured", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.measured:
        return door.run(lambda app: _measured(app, options.threshold))
    return scratch.guarded(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    with _place(options.dimensions) as place:
        print(scratch.describe_machine(place.app.database))
        start = time.monotonic()
        fill(place, options.jobs, options.people)
        print(
            f"{options.jobs:,} jobs, {options.people:,} people, {options.dimensions} "
            f"dimensions: made in {time.monotonic() - start:.0f} s"
        )
        neighbours = Neighbours(place.folder)
        arguments = ["--measured", "--threshold", str(options.threshold)]
        process = place.run("benchmarks.reverse_match", *arguments)
        figures = json.loads(process.output)
        _print(figures, process.peak_mb, neighbours)
        _cross_join(place.app, options.jobs, options.cross_jobs, figures)


@contextlib.contextmanager
def _place(dimensions: int) -> Iterator[Scratch]:
    if dimensions == 256:
        with scratch.scratch() as place:
            yield place
        return
    with loopback(0.0) as server, scratch.scratch(**server.settings) as place:
        yield place


# People and jobs


def fill(place: Scratch, jobs: int, people: int) -> None:
    app = place.app
    for some in _batches(invent_postings(jobs)):
        app.parser.save_postings([parse_posting(record) for record in some])
    for some in _batches(_invent_people(people)):
        with app.database.transaction() as cursor:
            cursor.raw.execute(SAVE_PEOPLE, (as_json(some), as_json(some)))
    # Elsewhere: this process must stay smaller than the one it measures.
    place.run("whatsapp_bot.scheduler_service", "--once")
    with app.database.transaction() as cursor:
        cursor.raw.execute("ANALYZE")
    counts: dict[Thing, int] = {"job": jobs, "user": people}
    for thing, count in counts.items():
        embedded = app.store(thing).facts().embedded
        require(embedded == count, f"{embedded} of {count} {thing}s have vectors")


def _batches(records: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while some := list(itertools.islice(records, SAVED_AT_ONCE)):
        yield some


def _invent_people(count: int) -> Iterator[dict[str, Any]]:
    """The same ones each time."""
    chance = random.Random(2)
    for number in range(count):
        work = chance.choice(list(WORK))
        role = f"{chance.choice(LEVELS)}{work}"
        if chance.random() < 0.5:
            role += f", {chance.choice(FIELDS)}"
        yield {
            "external_id": f"invented-{number}",
            "job_roles": [role],
            "technical_skills": chance.sample(WORK[work], 2),
            "preferred_locations": chance.sample(CITIES, chance.randint(1, 2)),
            "years": chance.randint(0, 12),
            "salary": chance.choice([None, 100_000, 250_000]),
        }


# The figures


def _measured(app: App, threshold: int) -> int:
    """In a process of its own, whose memory is looked at."""
    with app.database.transaction() as cursor:
        cursor.raw.execute("SELECT id FROM canonical_jobs")
        ids = [row["id"] for row in cursor.raw.fetchall()]
    bounds = ScoreBounds(app.live_model.name, {})
    least = bounds.least_cosine(threshold)
    start = time.perf_counter()
    near = _choose(app, ids, least)
    choosing = time.perf_counter() - start
    stages = Stages()
    stages.time_each(VectorStore, "of_people", "read vectors")
    stages.time(VectorStore, "hidden_pairs", "history")
    stages.time(VectorStore, "measure", "measure")
    stages.time(reverse_match, "chosen", "choose")
    stages.time(reverse_match.ReverseMatcher, "_seekers", "read people")
    stages.time(NewJobs, "_hopes", "bound")
    stages.time(new_jobs, "examine", "examine")
    stages.time(Seeker, "match", "score and say why")
    stages.time(short_list, "best_first", "rank")
    stages.time(new_jobs, "best_first", "rank")
    start, cpu_start = time.perf_counter(), time.process_time()
    people = alerts = 0
    for person in app.reverse_matcher.find_people(ids, threshold):
        people += 1
        alerts += len(person.matches)
    total, cpu = time.perf_counter() - start, time.process_time() - cpu_start
    rest = "multiply and the rest"
    stages.seconds[rest] = total - sum(stages.seconds.values())
    stages.cpu[rest] = cpu - sum(stages.cpu.values())
    figures = {
        "total": total,
        "total_cpu": cpu,
        "people": people,
        "alerts": alerts,
        "judged": stages.calls["examine"],
        "least": least,
        "near": near,
        "choosing": choosing,
        "seconds": stages.seconds,
        "cpu": stages.cpu,
    }
    sys.stdout.write(json.dumps(figures))
    return 0


def _choose(app: App, ids: list[int], least: float) -> int:
    """What the cross join does, as find_people does it; how many pairs are near."""
    vectors = VectorStore(app.database)
    _, job_vectors = vectors.of_jobs(app.live_model, ids)
    return sum(
        len(reverse_match.chosen(block @ job_vectors.T, least, len(ids))[0])
        for _, block in vectors.of_people(app.live_model, reverse_match.MOST_PEOPLE)
    )


class Stages:
    """Seconds spent in functions, by the stage they belong to, and of CPU therein:
    those of this process, not of the server."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.cpu: defaultdict[str, float] = defaultdict(float)
        self.calls: Counter[str] = Counter()

    def _add(self, stage: str, start: float, cpu_start: float) -> None:
        self.seconds[stage] += time.perf_counter() - start
        self.cpu[stage] += time.process_time() - cpu_start
        self.calls[stage] += 1

    def time(self, owner: Any, name: str, stage: str) -> None:
        function = getattr(owner, name)

        @functools.wraps(function)
        def timed(*arguments: Any, **named: Any) -> Any:
            start = time.perf_counter(), time.process_time()
            try:
                return function(*arguments, **named)
            finally:
                self._add(stage, *start)

        setattr(owner, name, timed)

    def time_each(self, owner: Any, name: str, stage: str) -> None:
        """What a generator takes, without what is done with its values."""
        function = getattr(owner, name)

        @functools.wraps(function)
        def timed(*arguments: Any, **named: Any) -> Iterator[Any]:
            values = function(*arguments, **named)
            while True:
                start = time.perf_counter(), time.process_time()
                value = next(values, None)
                self._add(stage, *start)
                if value is None:
                    return
                yield value

        setattr(owner, name, timed)


def _print(figures: dict[str, Any], peak_mb: int, neighbours: Neighbours) -> None:
    print(
        f"{figures['total']:.1f} s ({figures['total_cpu']:.1f} of CPU): "
        f"{figures['judged']:,} pairs judged, "
        f"{figures['alerts']:,} alerts to {figures['people']:,} people; peak "
        f"{peak_mb} MB; load {neighbours.load:.2f}, others {neighbours.cores():.2f}"
    )
    for stage, seconds in sorted(figures["seconds"].items(), key=lambda s: -s[1]):
        print(f"  {stage:24}{seconds:8.2f} s {figures['cpu'][stage]:8.2f} of CPU")


def _cross_join(app: App, jobs: int, cross_jobs: int, figures: dict[str, Any]) -> None:
    """Only the vectors, and one core: what SQL would take to find the same pairs."""
    with app.database.transaction() as cursor:
        start = time.perf_counter()
        cursor.raw.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        cursor.raw.execute(CROSS_JOIN, (cross_jobs, 1 - figures["least"]))
        row = cursor.raw.fetchone()
        seconds = time.perf_counter() - start
    require(row is not None, "the cross join found nothing")
    whole = seconds * jobs / cross_jobs
    ours = figures["choosing"]
    print(
        f"the vectors alone, {figures['near']:,} pairs near enough: {ours:.1f} s; in SQL "
        f"{seconds:.2f} s for {cross_jobs} jobs, so {whole:.0f} s, {whole / ours:.0f} times"
    )


if __name__ == "__main__":
    sys.exit(main())
