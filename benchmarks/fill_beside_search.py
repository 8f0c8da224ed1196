"""A large fill into a table that serves searches: is its vector index kept, or built anew?

So many jobs have vectors and an index, and so many more are imported (by default as
many; shares can be given). Then the daemon's one pass works them off as a process,
against the tests' loopback service, until the last is in the index, while people search
all the time. Both ways, each on its own copy of the same database:

  kept     every vector is inserted into the index as it comes
  rebuilt  the index is dropped, filled without, and built at the end

From the rates it says at which share of the live set the two take the same time, which
is what REBUILD_SHARE in embeddings/index_keeper.py stands for.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import numpy as np
import psycopg2

from benchmarks import scratch
from benchmarks.distinct_postings import import_postings
from benchmarks.loopback import loopback
from benchmarks.scratch import Neighbours, Scratch, require
from whatsapp_bot.bootstrap import App, build
from whatsapp_bot.database.database_manager import DatabaseManager

EXAMPLES = """examples:
  python -m benchmarks.fill_beside_search                          100,000 into 100,000
  python -m benchmarks.fill_beside_search --ways rebuilt           as the daemon does
  python -m benchmarks.fill_beside_search --live 20000 --shares 0.1 0.25 0.5
"""
WAYS = {"kept": "inf", "rebuilt": "0"}  # REBUILD_SHARE
HEADINGS = (
    "way      live       filled     fill s  index s  total s  searches  p50 ms  p95 ms  "
    "empty  fallback  load  others"
)
CREATE_COPY = "CREATE DATABASE fill_copy TEMPLATE postgres STRATEGY file_copy"
ADA_ID = 1
ADA = {"job_roles": ["Accountant"]}
PAUSE_SECONDS = 0.05  # between two searches: they are not what is measured here


@dataclass(frozen=True)
class Result:
    """fill_seconds, index_seconds: of the daemon's tasks."""

    way: str
    filled: int
    fill_seconds: float
    index_seconds: float

    @property
    def seconds(self) -> float:
        return self.fill_seconds + self.index_seconds


def main(argv: list[str] | None = None) -> int:
    parser = scratch.parser(__doc__, EXAMPLES)
    parser.add_argument("--live", type=int, default=100_000, metavar="N")
    parser.add_argument(
        "--shares", type=float, nargs="+", default=[1.0], metavar="SHARE"
    )
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    options = parser.parse_args(argv)
    return scratch.guarded(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    with loopback(delay_ms=50) as server, scratch.scratch(**server.settings) as place:
        print(scratch.describe_machine(place.app.database))
        _serve(place, options.live)
        print(HEADINGS)
        pairs = []
        for share in options.shares:
            more = round(share * options.live)
            ways = [_measure(place, way, options.live, more) for way in options.ways]
            pairs.append(ways)
        if options.ways == list(WAYS):
            _compare(pairs, options.live)


def _serve(place: Scratch, live: int) -> None:
    """A table that answers searches: vectors, their index, and somebody who asks."""
    import_postings(place.app, place.folder, live)
    ada_id = place.app.users.save("ada", "Ada", "en")
    place.app.preference_manager.save_preferences(ada_id, ADA)
    require(ada_id == ADA_ID, "somebody else was there")
    start = time.monotonic()
    place.run("whatsapp_bot.scheduler_service", "--once")
    require(place.app.models.has_index(place.app.live_model.name), "no vector index")
    print(f"{live:,} jobs live after {time.monotonic() - start:.0f} s", flush=True)


def _measure(place: Scratch, way: str, live: int, more: int) -> Result:
    with _copy(place) as url:
        database = DatabaseManager(url)
        app = build(place.app.settings, database, "a copy")
        try:
            import_postings(app, place.folder, more, first=live)
            neighbours = Neighbours(place.folder)
            with _searching(app) as searches:
                place.run("benchmarks.pass_with_share", WAYS[way], DATABASE_URL=url)
            facts = app.store("job").facts()
            require(facts.embedded == live + more, f"{facts.embedded} rows embedded")
            require(app.models.has_index(app.live_model.name), "no vector index")
            seconds = scratch.seconds_of_tasks(database)
        finally:
            app.close()
            database.close()
    result = Result(way, more, seconds["embed_due"], seconds["build_index"])
    p50, p95 = np.percentile(searches.milliseconds, [50, 95])
    print(
        f"{way:<7}  {live:<9,}  {more:<9,}  {result.fill_seconds:>6.1f}  "
        f"{result.index_seconds:>7.1f}  {result.seconds:>7.1f}  "
        f"{len(searches.milliseconds):>8}  {p50:>6.1f}  {p95:>6.1f}  "
        f"{searches.empty:>5}  {searches.fallbacks:>8}  {neighbours.load:>4.2f}  "
        f"{neighbours.cores():>6.2f}",
        flush=True,
    )
    return result


def _compare(pairs: list[list[Result]], live: int) -> None:
    """kept: a f; rebuilt: b f + c (1 + f), with f the share and times per live set."""
    for one, other in pairs:
        ratio = other.seconds / one.seconds
        print(f"{one.filled:,} into {live:,}: rebuilt : kept {ratio:.2f}")
    kept = np.mean([k.seconds / k.filled for k, _ in pairs])
    fill = np.mean([r.fill_seconds / r.filled for _, r in pairs])
    index = np.mean([r.index_seconds / (live + r.filled) for _, r in pairs])
    gain = kept - fill - index
    share = f"{index / gain:.2f} of the live set" if gain > 0 else "never"
    print(
        f"a vector: {1000 * kept:.2f} ms kept; {1000 * fill:.2f} ms without the index "
        f"and {1000 * index:.2f} ms of its build; the same time at: {share}"
    )


# The copies


@contextmanager
def _copy(place: Scratch) -> Iterator[str]:
    """The URL of a copy of the scratch database, which is then gone."""
    with closing(place.app.database.connect()) as connection:
        place_of_server = connection.info.dsn_parameters
    place.app.database.close()  # a template has no connections
    server = "postgresql://{user}@/{{name}}?host={host}".format_map(place_of_server)
    with closing(psycopg2.connect(server.format(name="template1"))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(CREATE_COPY)
            yield server.format(name="fill_copy")
            cursor.execute("DROP DATABASE fill_copy WITH (FORCE)")


# The searches


class _Searches:
    def __init__(self) -> None:
        self.milliseconds: list[float] = []
        self.empty = self.fallbacks = 0


@contextmanager
def _searching(app: App) -> Iterator[_Searches]:
    """Somebody asks all the time, until the end of the block."""
    searches, is_over = _Searches(), threading.Event()

    def search() -> None:
        while not is_over.wait(PAUSE_SECONDS):
            start = time.perf_counter()
            result = app.controller.search_jobs_for_user(ADA_ID)
            searches.milliseconds.append(1000 * (time.perf_counter() - start))
            searches.empty += not result.matches
            searches.fallbacks += result.matcher != "embedding"

    thread = threading.Thread(target=search)
    thread.start()
    try:
        yield searches
    finally:
        is_over.set()
        thread.join()


if __name__ == "__main__":
    sys.exit(main())
