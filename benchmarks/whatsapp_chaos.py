"""Conversations with the bot while Meta misbehaves and our processes are killed.

The web process and two daemons, as an operator runs them, against the fake Graph server:
what is lost, what is sent twice, and, with --calm, how fast it goes.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys

from benchmarks import scratch as b
from benchmarks.chaos_run import Outcome, talk

DEADLOCKS = """
    SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"""
EXAMPLES = """examples:
  python -m benchmarks.whatsapp_chaos                    2,000 people, 40 kills
  python -m benchmarks.whatsapp_chaos --talkers 200 --seed 7
  python -m benchmarks.whatsapp_chaos --calm             nothing goes wrong: how fast
"""


def main(argv: list[str] | None = None) -> int:
    parser = b.parser(__doc__, EXAMPLES)
    parser.add_argument("--talkers", type=int, default=2000, help="people: 2000")
    parser.add_argument("--at-once", type=int, default=200, help="who talk: 200")
    parser.add_argument("--kills", type=int, default=40, help="times: 40")
    parser.add_argument("--resend", default="30", help="seconds without a word: 30")
    parser.add_argument("--seed", type=int, default=0, help="of all that goes wrong: 0")
    parser.add_argument("--calm", action="store_true", help="nothing goes wrong")
    options = parser.parse_args(argv)
    return b.guarded(lambda: _measure(options))


def _measure(options: argparse.Namespace) -> None:
    settings = {"WHATSAPP_RESEND_SECONDS": options.resend, "LEASE_SECONDS": "10"}
    with b.scratch(**settings) as scratch:
        neighbours = b.Neighbours(scratch.folder)
        print(b.describe_machine(scratch.app.database))
        outcome, _, _ = talk(
            scratch.environ,
            scratch.app.database,
            scratch.folder,
            talkers=options.talkers,
            at_once=options.at_once,
            kills=0 if options.calm else options.kills,
            is_calm=options.calm,
            seed=options.seed,
        )
        with scratch.app.database.transaction() as cursor:
            cursor.raw.execute(DEADLOCKS)
            (row,) = cursor.raw.fetchall()
        _show(outcome, row["deadlocks"])
        spent = 1e3 * neighbours.own_seconds() / outcome.accepted
        print(
            f"{'CPU ms an answer':<18} {spent:>10,.1f}  (all, the fake and PostgreSQL too)"
        )
        print(f"load {neighbours.load:.2f}, others {neighbours.cores():.2f} cores")
        wrong = outcome.check()
        b.require(not wrong, "; ".join(wrong))


def _show(outcome: Outcome, deadlocks: int) -> None:
    for name, value in dataclasses.asdict(outcome).items():
        print(f"{name:<18} {value:>10,.0f}")
    print(f"{'deadlocks':<18} {deadlocks:>10,}")
    rate = outcome.answers_due / outcome.seconds
    print(f"{'answers a second':<18} {rate:>10,.1f}")


if __name__ == "__main__":
    sys.exit(main())
