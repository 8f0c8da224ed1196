"""What the doors share that work off chosen rows by hand."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import replace

from whatsapp_bot import door
from whatsapp_bot.config import Settings
from whatsapp_bot.embeddings.backfill_run import BackfillRun
from whatsapp_bot.ids import Ids
from whatsapp_bot.progress import Progress
from whatsapp_bot.records import Row, Totals

FAILURES_SHOWN = 20


def add_options(
    parser: argparse.ArgumentParser, *, force: str, ids: str, limit: str, batch: str
) -> None:
    """Those that all of them have; the four are explained by each door itself."""
    add = parser.add_argument
    add("--dry-run", action="store_true", help="say what it would do and cost")
    add("--force", action="store_true", help=force)
    add("--ids", metavar="1,5,10-20", help=ids)
    add("--limit", type=door.positive, metavar="N", help=limit)
    add("--batch-size", type=door.positive, metavar="N", help=batch)
    add("--delay", type=door.seconds, metavar="SECONDS", help="between two requests")
    add("--budget", type=door.amount, metavar="USD", help="stop before it is passed")
    add("--yes", action="store_true", help="do not ask before money is spent")


def adapted(settings: Settings, options: argparse.Namespace, work: str) -> Settings:
    """work: what the names of the settings of its batches begin with. Raises
    InputError for ids that are none, before anything is opened."""
    if options.ids:
        Ids(options.ids).ranges()
    if options.budget is not None:
        settings = replace(settings, embedding_run_budget_usd=options.budget)
    if options.batch_size:
        settings = replace(settings, **{f"{work}_batch_size": options.batch_size})
    if options.delay is not None:
        settings = replace(settings, **{f"{work}_delay_seconds": options.delay})
    return settings


def run_shown(run: BackfillRun, rows: int, should_stop: Callable[[], bool]) -> None:
    """To its end, with its progress and what it came to. Raises DatabaseError."""
    started = time.monotonic()
    progress = Progress(max(rows, 1), sys.stderr, lambda totals: totals.done)
    try:
        run.run(should_stop, progress.add)
    finally:
        progress.close()
        seconds = time.monotonic() - started
        sys.stdout.write(_summary(run.totals(), seconds))
        sys.stdout.flush()


def _summary(totals: Totals, seconds: float) -> str:
    return (
        f"{totals.requests:,} requests, {totals.tokens:,} tokens, "
        f"${totals.dollars:.4f}; {seconds:.1f} s, "
        f"{totals.done / max(seconds, 1e-3):,.0f} rows/s\n"
    )


def say_refused(thing: str, what: str, refused: list[Row]) -> None:
    """refused: id and last_error."""
    for row in refused[:FAILURES_SHOWN]:
        sys.stderr.write(f"{thing} {row['id']} {what}: {row['last_error']}\n")
    if len(refused) > FAILURES_SHOWN:
        more = len(refused) - FAILURES_SHOWN
        sys.stderr.write(f"and {more:,} more {thing}s\n")


def again(options: argparse.Namespace) -> str:
    """What a person is to do."""
    return "run it again without --force" if options.force else "run it again"
