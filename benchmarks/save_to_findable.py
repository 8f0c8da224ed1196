"""How long after a save its vector is there, and what a daemon costs that has nothing
to do.

The daemon runs as a process beside a provider that takes 50 ms (the tests' loopback
service, 1,536 dimensions). Postings are saved one after the other, with a short random
pause, in both ways a row can come:

  hook  AIEnhancedParser.save_canonical_job, timed from the call
  SQL   a plain INSERT of somebody else's, timed from its COMMIT

until the vector can be read by another connection, which looks every 2 ms.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date

import numpy as np
import psutil
from psycopg2.extensions import connection as Connection

from benchmarks import scratch
from benchmarks.invented_postings import invent_postings
from benchmarks.loopback import loopback
from benchmarks.scratch import Neighbours, Scratch, require
from whatsapp_bot.config import PROJECT_FOLDER

EXAMPLES = """examples:
  python -m benchmarks.save_to_findable
  python -m benchmarks.save_to_findable --saves 50 --idle 10     quicker
"""
POLL_SECONDS = 0.002
PATIENCE_SECONDS = 30.0
LONGEST_PAUSE_SECONDS = 0.3
SETTLE_SECONDS = 3.0  # after the start and before the idle seconds
HEADINGS = "what  saves  p50 ms  p95 ms  max ms  load  others"
INSERT = """
    INSERT INTO canonical_jobs (source, source_id, title, company, location, posted_date)
    VALUES ('sql', %s, %s, %s, %s, CURRENT_DATE) RETURNING id"""
HAS_VECTOR = "SELECT count(*) AS count FROM job_vectors WHERE job_id = %s"

Save = Callable[[dict[str, object]], tuple[float, int]]  # when, and the job's id


def main(argv: list[str] | None = None) -> int:
    parser = scratch.parser(__doc__, EXAMPLES)
    parser.add_argument("--saves", type=int, default=200, metavar="N", help="each way")
    parser.add_argument("--idle", type=float, default=30.0, metavar="SECONDS")
    options = parser.parse_args(argv)
    return scratch.guarded(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    settings = {"EMBEDDING_TEMPLATE": "everything-1"}
    with (
        loopback() as server,
        scratch.scratch(**settings, **server.settings) as place,
        _daemon(place) as daemon,
        contextlib.closing(place.app.database.connect()) as writer,
        contextlib.closing(place.app.database.connect()) as reader,
    ):
        writer.autocommit = False
        print(scratch.describe_machine(place.app.database))
        time.sleep(SETTLE_SECONDS)
        postings = invent_postings(2 * options.saves)
        print(HEADINGS)
        for what, save in (("hook", _by_hook(place)), ("SQL", _by_sql(writer))):
            some = [next(postings) for _ in range(options.saves)]
            _measure(what, save, some, reader, place)
        _idle(daemon, options.idle, place)


def _measure(
    what: str,
    save: Save,
    postings: list[dict[str, object]],
    reader: Connection,
    place: Scratch,
) -> None:
    chance = random.Random(1)
    neighbours = Neighbours(place.folder)
    times = []
    for posting in postings:
        time.sleep(chance.uniform(0, LONGEST_PAUSE_SECONDS))
        start, job_id = save(posting)
        _wait_for_vector(reader, job_id)
        times.append(1000 * (time.monotonic() - start))
    p50, p95 = np.percentile(times, [50, 95])
    print(
        f"{what:<4}  {len(times):>5}  {p50:>6.0f}  {p95:>6.0f}  {max(times):>6.0f}  "
        f"{neighbours.load:>4.2f}  {neighbours.cores():>6.2f}",
        flush=True,
    )


def _by_hook(place: Scratch) -> Save:
    def save(posting: dict[str, object]) -> tuple[float, int]:
        today = {**posting, "posted_date": date.today().isoformat()}
        start = time.monotonic()
        return start, place.app.parser.save_canonical_job(today)

    return save


def _by_sql(writer: Connection) -> Save:
    def save(posting: dict[str, object]) -> tuple[float, int]:
        values = [posting[name] for name in ("id", "title", "company", "location")]
        with writer.cursor() as cursor:
            cursor.execute(INSERT, values)
            row = cursor.fetchone()
        assert row is not None
        start = time.monotonic()
        writer.commit()
        return start, int(row[0])

    return save


def _wait_for_vector(reader: Connection, job_id: int) -> None:
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    with reader.cursor() as cursor:
        while True:
            cursor.execute(HAS_VECTOR, (job_id,))
            row = cursor.fetchone()
            if row and row[0]:
                return
            require(time.monotonic() < give_up_at, f"job {job_id} got no vector")
            time.sleep(POLL_SECONDS)


def _idle(daemon: psutil.Process, seconds: float, place: Scratch) -> None:
    time.sleep(SETTLE_SECONDS)
    neighbours = Neighbours(place.folder)
    start = _cpu_seconds(daemon)
    time.sleep(seconds)
    used = _cpu_seconds(daemon) - start
    print(
        f"the daemon, idle for {seconds:.0f} s: {used:.2f} s of CPU "
        f"({used / seconds:.1%}), {daemon.memory_info().rss // scratch.MEGABYTE} MB; "
        f"load {neighbours.load:.2f}, others {neighbours.cores():.2f}"
    )


def _cpu_seconds(process: psutil.Process) -> float:
    return float(sum(process.cpu_times()[:2]))


@contextlib.contextmanager
def _daemon(place: Scratch) -> Iterator[psutil.Process]:
    process = subprocess.Popen(
        [sys.executable, "-m", "whatsapp_bot.scheduler_service"],
        cwd=PROJECT_FOLDER,
        env=place.environ,
        text=True,
    )
    try:
        yield psutil.Process(process.pid)
    finally:
        scratch.end(process)


if __name__ == "__main__":
    sys.exit(main())
