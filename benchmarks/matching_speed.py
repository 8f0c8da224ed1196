"""How fast the matcher finds jobs, and how many of the right ones.

For each size, on a PostgreSQL of its own in a temporary folder: synthetic postings, a
tenth of them live, 1,536 dimensions, vectors shaped like a text model's
(benchmarks/synthetic_vectors.py), 200 people. In one run, held against each other:

  ours      find_candidates, search_jobs_for_user, and find_matching_jobs without vectors
  exact     every live vector compared; every stored row with a date filter
  seed A    the first design's query on the index that its migration makes
  keyword   all recent rows read into Python and scored there

CPU: of a search, in clients and server together; unlike the time it takes, it hardly
grows while others use the machine. recall@50: of the 50 nearest by numpy, how many were
found. fewest, mean: how many each person got; short: searches that returned fewer than
there are. After a warm-up, each person searches twice or, where that takes more than
6 s, as many as can. others: cores that other processes used meanwhile; with more than
0.2 it is measured once more, and where that did not help the line is marked *.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from functools import partial

from benchmarks import matching_speed_searches as searches
from benchmarks import matching_speed_seed_a as seed_a
from benchmarks import scratch
from benchmarks.matching_speed_clients import HEADINGS, Case, Measured, show, timed
from benchmarks.matching_speed_data import (
    FILTERS,
    Dataset,
    fill,
    ids_where,
)
from benchmarks.matching_speed_sweeps import (
    as_setting,
    sweep_filters,
    sweep_settings,
)
from benchmarks.matching_speed_truth import Truth
from benchmarks.scratch import Scratch
from whatsapp_bot.bootstrap import App

EXAMPLES = """examples:
  python -m benchmarks.matching_speed                        10,000 and 100,000 stored
  python -m benchmarks.matching_speed --million              1,000,000 too; takes 8 GB
  python -m benchmarks.matching_speed --million --everything seed A at that size; 30 GB
  python -m benchmarks.matching_speed --rows 100000 --live 1 --settings 16,128,100 24,200,100
                                                             settings of the HNSW index
  python -m benchmarks.matching_speed --rows 100000 --live 1 --filters
                                                             from which size to compare all
"""
MILLION = 1_000_000
SLOW_PEOPLE = 20  # search where each takes a tenth of a second
SLOWEST_PEOPLE = 4


def main(argv: list[str] | None = None) -> int:
    parser = scratch.parser(__doc__, EXAMPLES)
    parser.add_argument(
        "--rows", type=int, nargs="+", default=[10_000, 100_000], metavar="N",
        help="stored",
    )  # fmt: skip
    parser.add_argument("--million", action="store_true", help="1,000,000 rows too")
    parser.add_argument(
        "--live", type=float, default=0.1, metavar="SHARE", help="of the rows (0.1)"
    )
    parser.add_argument("--dimensions", type=int, default=1536, metavar="D")
    parser.add_argument(
        "--everything", action="store_true",
        help="seed A and the scan of all stored rows beyond 100,000 rows too",
    )  # fmt: skip
    parser.add_argument(
        "--settings", type=as_setting, nargs="+", metavar="M,EFC,EF",
        help="only this: the vector index with m, ef_construction and ef_search",
    )  # fmt: skip
    parser.add_argument(
        "--filters", action="store_true",
        help="only this: along the index or all that pass, for filters of many sizes, and for what was shown",
    )  # fmt: skip
    options = parser.parse_args(argv)
    return scratch.guarded(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    for rows in [*options.rows, *([MILLION] if options.million else [])]:
        data = Dataset(rows, max(1, int(rows * options.live)), options.dimensions)
        settings = {
            "OPENAI_API_KEY": "not called",
            "EMBEDDING_DIMENSIONS": str(options.dimensions),
        }
        with scratch.scratch(**settings) as place:
            print(f"\n{scratch.describe_machine(place.app.database)}")
            print(
                f"{rows:,} stored, {data.live:,} live, {data.dimensions} dimensions, "
                f"{data.clusters} clusters"
            )
            truth = timed("stored", partial(fill, place.app, data))
            _measure(place, data, truth, options)


def _measure(
    place: Scratch, data: Dataset, truth: Truth, options: argparse.Namespace
) -> None:
    if options.settings:
        return sweep_settings(place, truth, options.settings)
    timed("vector index", partial(place.app.models.build_index, place.app.live_model))
    if options.filters:
        return sweep_filters(place, truth)
    has_seed_a = data.rows <= max(100_000, MILLION * options.everything)
    if has_seed_a:
        load = partial(seed_a.fill, place.app, data, truth.people)
        timed("seed A's table and index", load)
    print(HEADINGS)
    ours = [show(place, case, clients) for case, clients in _ours(truth)]
    for case in _filtered(place.app, truth):
        show(place, case)
    others = [show(place, case, n) for case, n in _compared(truth, has_seed_a)]
    if not has_seed_a:
        print("left out: seed A and the scan of all stored rows (--everything)")
    _compare(ours, others)


# What is measured


def _ours(truth: Truth) -> Iterator[tuple[Case, int]]:
    people, nearest, unseen = truth.people, truth.nearest(), truth.nearest_unseen()
    index = partial(searches.search_vector_index, ef=100)
    again = partial(searches.find_candidates, unseen=True)
    ten, fifty = (partial(searches.search_jobs, limit=limit) for limit in (10, 50))
    by_words = partial(searches.search_without_vector, limit=10)
    for clients in (1, 2):
        yield Case("vector index alone, ef 100", index, people, nearest), clients
        yield (
            Case("find_candidates", searches.find_candidates, people, nearest),
            clients,
        )
        yield Case("search_jobs_for_user, 10 matches", ten, people), clients
    yield Case("search_jobs_for_user, 50 matches", fifty, people), 1
    yield Case("find_candidates, 1,000 already shown", again, people, unseen), 1
    yield Case("find_matching_jobs", searches.search_by_words, people), 1
    yield Case("search_jobs_for_user, no vector", by_words, truth.strangers), 1


def _filtered(app: App, truth: Truth) -> Iterator[Case]:
    """By people who insist; and as plain SQL, along the vector index or all that pass."""
    for each in FILTERS:
        name, passing = (
            each.name,
            truth.passing(ids_where(app.database, each.condition)),
        )
        people = truth.insisting[name]
        nearest = truth.nearest(passing=passing, people=people)
        yield (
            Case(f"{name}: find_candidates", searches.find_candidates, people, nearest)
        )
        search = partial(searches.search_jobs, limit=10)
        yield Case(f"{name}: search_jobs_for_user", search, people)
        nearest = truth.nearest(passing=passing)
        joined = (
            "EXISTS (SELECT FROM canonical_jobs j "
            f"WHERE j.id = v.job_id AND {each.condition})"
        )
        chosen = (
            "SELECT j.id FROM canonical_jobs j WHERE "
            f"job_is_live(j.status, j.title, j.listed_date) AND {each.condition}"
        )
        along = partial(searches.scan_index_with, condition=joined)
        every = partial(searches.compare_all_of, passing=chosen)
        yield Case(f"{name}: along the index", along, truth.people, nearest, 1)
        yield Case(f"{name}: all that pass", every, truth.people[:SLOW_PEOPLE], nearest)


def _compared(truth: Truth, has_seed_a: bool) -> Iterator[tuple[Case, int]]:
    few, nearest = truth.people[:SLOW_PEOPLE], truth.nearest()
    slowest = truth.people[:SLOWEST_PEOPLE]
    read_all = searches.read_all_and_score
    for clients in (1, 2):
        yield Case("exact, live rows", searches.scan_live, few, nearest), clients
        if has_seed_a:
            yield Case("seed A", seed_a.search, truth.people, nearest, 1), clients
        yield Case("keyword, all rows into Python", read_all, slowest, None, 1), clients
    if has_seed_a:
        yield Case("exact, stored rows by date", seed_a.scan_stored, few, nearest), 1


def _compare(ours: list[Measured], others: list[Measured]) -> None:
    print("\nhow many times ours, one client: p50 (CPU)")
    for mine in ours[:3]:
        ratios = ", ".join(
            f"{theirs.case.name} {theirs.p50 / mine.p50:,.1f} "
            f"({theirs.cpu / mine.cpu:,.1f})"
            for theirs in others
            if theirs.clients == 1
        )
        print(f"  {mine.case.name}: {ratios}")


if __name__ == "__main__":
    sys.exit(main())
