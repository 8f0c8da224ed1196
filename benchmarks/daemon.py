"""How fast the daemon makes vectors of a backlog, how much memory that takes, and how
much a loop of one row after the other would have done.

Each backlog gets a PostgreSQL of its own in a temporary folder, with the settings of a
fresh machine and the local model; nothing is left behind.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from benchmarks import scratch
from benchmarks.invented_postings import invent_postings
from benchmarks.scratch import Measured, Neighbours, Scratch, require
from whatsapp_bot.intake.files import read_records
from whatsapp_bot.intake.importer import ImportTotals, JobImporter, find_date_shift

EXAMPLES = """examples:
  python -m benchmarks.daemon                              25,000 invented postings
  python -m benchmarks.daemon --rows 5000 --scales 1 2     quicker
  python -m benchmarks.daemon --postings export.jsonl.gz   a file of your own
  python -m benchmarks.daemon --template everything-1      longer texts
"""
DAYS = 30  # the posting dates of a file are moved into the last so many
NAIVE_SLEEP_SECONDS = 0.1  # after each row, in the loop this is held against
HEADINGS = (
    "rows      import s  pass s = start + enrich + embed + index  rows/s: embed  pass  "
    "import+pass  CPU s  peak MB  load  others"
)


@dataclass(frozen=True)
class Backlog:
    """What a backlog of `rows` came to. load, others: see Neighbours."""

    rows: int
    import_seconds: float
    daemon: Measured
    enrich_seconds: float
    embed_seconds: float
    index_seconds: float
    load: float
    others: float

    @property
    def rate(self) -> float:
        return self.rows / self.embed_seconds

    def line(self) -> str:
        seconds = self.daemon.seconds
        tasks = self.enrich_seconds + self.embed_seconds + self.index_seconds
        return (
            f"{self.rows:<9,} {self.import_seconds:>8.1f}  {seconds:>6.1f}   "
            f"{seconds - tasks:>5.1f}   {self.enrich_seconds:>6.1f}   {self.embed_seconds:>5.1f}   {self.index_seconds:>5.1f}  "
            f"{self.rate:>13,.0f} {self.rows / seconds:>5,.0f}  "
            f"{self.rows / (seconds + self.import_seconds):>11,.0f}  "
            f"{self.daemon.cpu_seconds:>5.1f}  {self.daemon.peak_mb:>7}  "
            f"{self.load:>4.2f}  {self.others:>6.2f}"
        )


def main(argv: list[str] | None = None) -> int:
    parser = scratch.parser(__doc__, EXAMPLES)
    parser.add_argument("--postings", type=Path, metavar="FILE", help="JSONL, gzip too")
    parser.add_argument(
        "--rows",
        type=int,
        metavar="N",
        help="how many to invent (default 25,000), or to take of FILE (default all)",
    )
    parser.add_argument(
        "--scales",
        type=int,
        nargs="+",
        default=[1, 2, 4],
        help="backlogs, as multiples of the rows (default 1 2 4)",
    )
    parser.add_argument("--naive-rows", type=int, default=1_000, metavar="N")
    parser.add_argument("--template", default="roles-2", help="of the texts")
    options = parser.parse_args(argv)
    return scratch.guarded(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    first, *others = options.scales
    with scratch.scratch(EMBEDDING_TEMPLATE=options.template) as place:
        print(scratch.describe_machine(place.app.database))
        print(f"template {options.template}\n\n{HEADINGS}")
        backlogs = [_measure(place, options, first)]
        neighbours = Neighbours(place.folder)
        naive = place.run(
            "benchmarks.naive_loop", "--rows", str(options.naive_rows)
        ).output
        naive_line = _naive_line(naive, backlogs[0], neighbours)
    for scale in others:
        with scratch.scratch(EMBEDDING_TEMPLATE=options.template) as place:
            backlogs.append(_measure(place, options, scale))
    print(f"\n{naive_line}")
    small, large = backlogs[0], backlogs[-1]
    print(
        f"peak memory at {large.rows / small.rows:.0f} times the rows: "
        f"{large.daemon.peak_mb / small.daemon.peak_mb:.2f} times"
    )


def _measure(place: Scratch, options: argparse.Namespace, scale: int) -> Backlog:
    path = place.folder / "postings.jsonl"
    _write(path, _records(options, scale))
    neighbours = Neighbours(place.folder)
    start = time.monotonic()
    totals = _import(place, path)
    import_seconds = time.monotonic() - start
    path.unlink()
    daemon = place.run("whatsapp_bot.scheduler_service", "--once")
    _check_counts(place, totals)
    tasks = scratch.seconds_of_tasks(place.app.database)
    backlog = Backlog(
        rows=totals.new,
        import_seconds=import_seconds,
        daemon=daemon,
        enrich_seconds=tasks["enrich_jobs"],
        embed_seconds=tasks["embed_due"],
        index_seconds=tasks["build_index"],
        load=neighbours.load,
        others=neighbours.cores(),
    )
    print(backlog.line(), flush=True)
    return backlog


def _records(options: argparse.Namespace, scale: int) -> Iterator[Mapping[str, object]]:
    if options.postings is None:
        yield from invent_postings((options.rows or 25_000) * scale)
        return
    for copy in range(scale):
        lines = itertools.islice(read_records(options.postings), options.rows)
        for record in (line.record for line in lines):
            if record is not None:
                source = f"{record.get('source', 'file')}-{copy}"
                yield {**record, "source": source}


def _write(path: Path, records: Iterable[Mapping[str, object]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps(record) + "\n")


def _import(place: Scratch, path: Path) -> ImportTotals:
    importer = JobImporter(place.app.parser, on_skip=lambda number, reason: None)
    shift = find_date_shift(path, DAYS, date.today())
    return importer.import_file(path, "benchmark", shift)


def _check_counts(place: Scratch, totals: ImportTotals) -> None:
    facts = place.app.store("job").facts()
    require(
        0 < totals.new == facts.eligible == facts.embedded,
        f"the counts differ: {totals.new} imported, {facts.eligible} eligible, "
        f"{facts.embedded} embedded, {totals.skipped} skipped",
    )


def _naive_line(output: str, backlog: Backlog, neighbours: Neighbours) -> str:
    rows, seconds = (float(word) for word in output.split())
    rate = rows / seconds
    sleepy = rows / (seconds + rows * NAIVE_SLEEP_SECONDS)
    return (
        f"one row after the other, {rows:.0f} rows: {rate:,.0f} rows/s "
        f"(the daemon: {backlog.rate / rate:.1f} times), with a sleep of "
        f"{NAIVE_SLEEP_SECONDS} s after each {sleepy:.1f} rows/s "
        f"({backlog.rate / sleepy:,.0f} times); load {neighbours.load:.2f}"
    )


if __name__ == "__main__":
    sys.exit(main())
