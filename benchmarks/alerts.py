"""What alerts cost: a look for new jobs when there are none, holding new ones against
people, and a digest.

Jobs and people are invented, those of benchmarks.reverse_match; everybody wants alerts at
once and wrote within the day. Nothing is left behind.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta

from benchmarks import scratch
from benchmarks.reverse_match import fill
from benchmarks.scratch import Neighbours, Scratch, require
from whatsapp_bot.alerts.job_finder import LEASE, MOST_JOBS
from whatsapp_bot.bootstrap import App, build_digests, build_job_finder

EXAMPLES = """examples:
  python -m benchmarks.alerts                     20,000 jobs of the last days, 2,000 people
  python -m benchmarks.alerts --people 20000
"""
LISTEN = """
    INSERT INTO contacts (user_id, wa_id, last_message_at, template_consent_at)
    SELECT id, id::text, now(), now() FROM users;
    INSERT INTO alert_settings (user_id, cadence, consent_at, quiet_from, quiet_to)
    SELECT id, 'instant', now(), '00:00', '00:00' FROM users"""
# All but the newest are held against people already, and all are of today.
SETTLE = """
    UPDATE canonical_jobs SET posted_date = CURRENT_DATE;
    INSERT INTO job_alerts (job_id)
    SELECT job_id FROM live_jobs ORDER BY job_id OFFSET %s;
    ANALYZE"""


def main(argv: list[str] | None = None) -> int:
    parser = scratch.parser(__doc__, EXAMPLES)
    parser.add_argument("--jobs", type=int, default=20_000, metavar="N")
    parser.add_argument("--new", type=int, default=200, metavar="N", help="of them")
    parser.add_argument("--people", type=int, default=2_000, metavar="N")
    options = parser.parse_args(argv)
    return scratch.guarded(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    with scratch.scratch(
        WHATSAPP_PHONE_NUMBER_ID="1", WHATSAPP_DAILY_BUDGET_USD="none"
    ) as place:
        print(scratch.describe_machine(place.app.database))
        # Without a number, or this would send already.
        fill(
            Scratch(
                place.app,
                place.folder,
                place.environ | {"WHATSAPP_PHONE_NUMBER_ID": ""},
            ),
            options.jobs,
            options.people,
        )
        with place.app.database.transaction() as cursor:
            cursor.raw.execute(LISTEN)
            cursor.raw.execute(SETTLE, [options.new])
        neighbours = Neighbours(place.folder)
        _measure(place.app, options)
        print(f"load {neighbours.load:.2f}, others {neighbours.cores():.2f} cores")


def _measure(app: App, options: argparse.Namespace) -> None:
    start = time.perf_counter()
    found = build_job_finder(app).hold_new_jobs()
    seconds = time.perf_counter() - start
    print(f"{options.new} new jobs, {found:,} finds: {seconds:.2f} s")
    require(found > 0, "nobody was found")

    looks = [_look(app) for _ in range(20)]
    print(
        f"a look at {options.jobs:,} jobs, none new: "
        f"{1000 * statistics.median(looks):.1f} ms"
    )
    _tell(app)


def _look(app: App) -> float:
    start = time.perf_counter()
    jobs = app.alerts.claim_jobs(
        datetime.now(UTC), app.settings.alert_days, LEASE, MOST_JOBS
    )
    require(not jobs, "some were new")
    return time.perf_counter() - start


def _tell(app: App) -> None:
    later = datetime.now(UTC) + timedelta(minutes=10)
    digests = build_digests(app, lambda: later)
    start = time.perf_counter()
    told = digests.send_due()
    seconds = time.perf_counter() - start
    require(told > 0, "nobody was told")
    print(f"{told:,} digests: {seconds:.1f} s, {1000 * seconds / told:.1f} ms each")


if __name__ == "__main__":
    sys.exit(main())
