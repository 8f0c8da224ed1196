"""How near the daemon comes to what its provider and its database could do at all.

The provider is a service on this machine that speaks OpenAI's protocol, a process of its
own: 1,536 dimensions, 50 ms a request. Held against each other, in one run and on the
same rows of one PostgreSQL (in a temporary folder, fsync on):

  server    the provider alone: answers are read and thrown away
  ceiling   provider and database with no logic between (benchmarks.engine_ceiling)
  ours      `scheduler_service --once` as a process, without the vector index
  naive     one call, one UPDATE, one commit and 0.1 s of sleep for each row

Before each, the tables are as after an import, vacuumed, with a checkpoint done.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
from dataclasses import dataclass

from benchmarks import scratch
from benchmarks.distinct_postings import import_postings
from benchmarks.loopback import Loopback, loopback
from benchmarks.scratch import Neighbours, Scratch, require

EXAMPLES = """examples:
  python -m benchmarks.engine                       20,000 and 100,000 rows
  python -m benchmarks.engine --rows 5000           quicker
  python -m benchmarks.engine --million             1,000,000 rows too; needs 12 GB
  python -m benchmarks.engine --rows 20000 --tune   which batch size and concurrency
"""
MILLION = 1_000_000
CEILING_ROWS = 100_000  # its texts are held in memory
NAIVE_SLEEP_SECONDS = 0.1
BATCH_SIZES = (128, 320, 512)
CONCURRENCIES = (2, 4, 8)
HEADINGS = (
    "what     rows       batch  at once  seconds    rows/s  of ceiling  requests  "
    "process s  CPU s  peak MB  load  others"
)
# Fewer statements that do what an import does: rows due, and no vectors.
RESET = """
    TRUNCATE job_vectors, job_embeddings, embedding_cache;
    INSERT INTO job_embeddings (job_id, model, fresh_on, due_at)
    SELECT j.id, m.name, j.listed_date, now()
      FROM canonical_jobs j CROSS JOIN embedding_models m ORDER BY j.id"""
TIDY = ("VACUUM ANALYZE canonical_jobs", "VACUUM ANALYZE job_embeddings", "CHECKPOINT")


@dataclass(frozen=True)
class Setting:
    batch: int = 320
    at_once: int = 4

    @property
    def environ(self) -> dict[str, str]:
        return {
            "EMBEDDING_BATCH_SIZE": str(self.batch),
            "EMBEDDING_CONCURRENCY": str(self.at_once),
        }


@dataclass(frozen=True)
class Result:
    """seconds: the embedding stretch; process_seconds: from start to exit."""

    what: str
    rows: int
    setting: Setting
    seconds: float
    requests: int
    process_seconds: float
    cpu_seconds: float
    peak_mb: int
    load: float
    others: float

    @property
    def rate(self) -> float:
        return self.rows / self.seconds

    def line(self, ceiling: float | None) -> str:
        share = f"{self.rate / ceiling:.0%}" if ceiling else "-"
        return (
            f"{self.what:<8} {self.rows:<10,} {self.setting.batch:>5}  "
            f"{self.setting.at_once:>7}  {self.seconds:>7.2f}  {self.rate:>8,.0f}  "
            f"{share:>10}  {self.requests:>8,}  {self.process_seconds:>9.1f}  "
            f"{self.cpu_seconds:>5.1f}  {self.peak_mb:>7}  {self.load:>4.2f}  "
            f"{self.others:>6.2f}"
        )


def main(argv: list[str] | None = None) -> int:
    parser = scratch.parser(__doc__, EXAMPLES)
    parser.add_argument(
        "--rows", type=int, nargs="+", default=[20_000, 100_000], metavar="N"
    )
    parser.add_argument("--million", action="store_true", help="1,000,000 rows too")
    parser.add_argument("--rounds", type=int, default=3, help="of ceiling and ours")
    parser.add_argument("--naive-rows", type=int, default=200, metavar="N")
    parser.add_argument("--batch", type=int, default=320, help="texts per request")
    parser.add_argument("--at-once", type=int, default=4, help="requests in flight")
    parser.add_argument(
        "--tune", action="store_true", help="try batch sizes and concurrencies"
    )
    options = parser.parse_args(argv)
    return scratch.guarded(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    rows = [*options.rows, *([MILLION] if options.million else [])]
    with loopback() as server:
        results = [_measure(server, count, options) for count in rows]
    small, large = results[0], results[-1]
    print(
        f"peak memory at {large.rows / small.rows:.0f} times the rows: "
        f"{large.peak_mb / small.peak_mb:.2f} times"
    )


def _measure(server: Loopback, rows: int, options: argparse.Namespace) -> Result:
    """All there is to measure with so many rows; our largest result."""
    settings = {**server.settings, "EMBEDDING_TEMPLATE": "everything-1"}
    with scratch.scratch(**settings) as place:
        print(f"{scratch.describe_machine(place.app.database)}")
        import_postings(place.app, place.folder, rows)
        bench = _Bench(place, server)
        print(HEADINGS)
        if options.tune:
            return _tune(bench, rows)
        setting = Setting(options.batch, options.at_once)
        bench.server_alone(rows, setting)
        rounds = options.rounds if rows < MILLION else 1
        ours = [_round(bench, rows, setting) for _ in range(rounds)]
        _compare(bench, ours)
        if rows == options.rows[0] and options.naive_rows:
            _naive(place, options.naive_rows, statistics.median(r.rate for r in ours))
        return max(ours, key=lambda result: result.peak_mb)


def _round(bench: _Bench, rows: int, setting: Setting) -> Result:
    bench.ceiling(rows, setting)
    return bench.ours(rows, setting)


def _tune(bench: _Bench, rows: int) -> Result:
    settings = [
        Setting(*pair) for pair in itertools.product(BATCH_SIZES, CONCURRENCIES)
    ]
    bench.server_alone(rows, Setting())
    results = [_round(bench, rows, setting) for setting in settings]
    best = max(results, key=lambda result: result.rate)
    print(f"best: {best.setting.batch} texts, {best.setting.at_once} at once")
    return best


def _compare(bench: _Bench, ours: list[Result]) -> None:
    shares = [r.rate / c for r, c in zip(ours, bench.ceilings, strict=True)]
    print(
        f"ours : ceiling, each round: {', '.join(f'{share:.0%}' for share in shares)}; "
        f"of the medians {_median(ours) / statistics.median(bench.ceilings):.0%}\n"
    )


def _median(results: list[Result]) -> float:
    return statistics.median(result.rate for result in results)


def _naive(place: Scratch, rows: int, our_rate: float) -> None:
    neighbours = Neighbours(place.folder)
    output = place.run(
        "benchmarks.naive_loop",
        "--rows",
        str(rows),
        "--sleep",
        str(NAIVE_SLEEP_SECONDS),
    ).output
    count, seconds = (float(word) for word in output.split())
    rate = count / seconds
    print(
        f"naive, {count:.0f} rows: {rate:.2f} rows/s, so 20,000 take "
        f"{20_000 / rate / 60:.0f} minutes; ours : naive {our_rate / rate:,.0f}; "
        f"load {neighbours.load:.2f}, others {neighbours.cores():.2f}\n"
    )


class _Bench:
    """Measures on one database, and prints each result."""

    def __init__(self, place: Scratch, server: Loopback) -> None:
        self._place = place
        self._server = server
        self.ceilings: list[float] = []  # rows per second

    def server_alone(self, rows: int, setting: Setting) -> Result:
        _reset(self._place)
        return self._run_ceiling("server", rows, setting, "--server-only")

    def ceiling(self, rows: int, setting: Setting) -> Result:
        _reset(self._place)
        result = self._run_ceiling("ceiling", rows, setting)
        self.ceilings.append(result.rate)
        return result

    def ours(self, rows: int, setting: Setting) -> Result:
        _reset(self._place)
        requests, neighbours = self._requests(), Neighbours(self._place.folder)
        process = self._place.run("benchmarks.pass_without_index", **setting.environ)
        facts = self._place.app.store("job").facts()
        require(facts.embedded == rows, f"{facts.embedded} of {rows} rows embedded")
        result = Result(
            "ours",
            rows,
            setting,
            scratch.seconds_of_tasks(self._place.app.database)["embed_due"],
            self._requests() - requests,
            process.seconds,
            process.cpu_seconds,
            process.peak_mb,
            neighbours.load,
            neighbours.cores(),
        )
        print(result.line(self.ceilings[-1]), flush=True)
        return result

    def _run_ceiling(
        self, what: str, rows: int, setting: Setting, *flags: str
    ) -> Result:
        requests, neighbours = self._requests(), Neighbours(self._place.folder)
        process = self._place.run(
            "benchmarks.engine_ceiling",
            *("--rows", str(min(rows, CEILING_ROWS)), "--batch", str(setting.batch)),
            *("--in-flight", str(setting.at_once), *flags),
        )
        count, seconds, characters, distinct = map(float, process.output.split())
        require(count == distinct, f"{distinct:.0f} of {count:.0f} texts are distinct")
        result = Result(
            what,
            int(count),
            setting,
            seconds,
            self._requests() - requests,
            process.seconds,
            process.cpu_seconds,
            process.peak_mb,
            neighbours.load,
            neighbours.cores(),
        )
        suffix = f"  ({characters:.0f} characters a text)" if flags else ""
        print(result.line(None) + suffix, flush=True)
        return result

    def _requests(self) -> int:
        return self._server.figures()["requests"]


# Rows


def _reset(place: Scratch) -> None:
    with place.app.database.transaction() as cursor:
        cursor.raw.execute(RESET)
    connection = place.app.database.connect()
    try:
        with connection.cursor() as cursor:
            for statement in TIDY:
                cursor.execute(statement)
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
