"""Saves the postings of a JSONL, CSV or JSON file, gzip too; the daemon embeds them."""

from __future__ import annotations

import argparse
import sys
import time
from datetime import date
from pathlib import Path

from whatsapp_bot import door
from whatsapp_bot.bootstrap import App
from whatsapp_bot.intake.importer import ImportTotals, JobImporter, find_date_shift

EXAMPLES = """examples:
  python -m whatsapp_bot import-jobs postings.jsonl.gz
  python -m whatsapp_bot import-jobs export.csv --source my-board
  python -m whatsapp_bot import-jobs old.json --shift-dates 30   (to try things)

Importing again is safe: a posting is known by its source and id, and only one whose
content changed is embedded anew. A malformed one is reported by its line and skipped.
"""
PROGRESS_SECONDS = 1.0  # on a terminal
LOG_SECONDS = 10.0  # elsewhere


def main(argv: list[str] | None = None) -> int:
    parser = door.parser(__doc__, EXAMPLES)
    parser.add_argument("file", type=Path)
    parser.add_argument(
        "--source",
        help="of postings that do not name theirs (default: the file's name)",
    )
    parser.add_argument(
        "--shift-dates",
        type=int,
        metavar="DAYS",
        help="move the posting dates, in their order, into the last DAYS days",
    )
    options = parser.parse_args(argv)
    if options.shift_dates is not None and options.shift_dates < 1:
        parser.error("--shift-dates must be at least 1")
    return door.run(lambda app: import_jobs(app, options))


def import_jobs(app: App, options: argparse.Namespace) -> int:
    shift = None
    if options.shift_dates:
        shift = find_date_shift(options.file, options.shift_dates, date.today())
    progress = Progress()
    importer = JobImporter(app.parser, report_skipped, progress.show)
    source = options.source or options.file.name.split(".")[0]
    totals = importer.import_file(options.file, source, shift)
    progress.end()
    sys.stdout.write(
        f"{totals.read} postings read: {totals.new} new, {totals.changed} changed, "
        f"{totals.unchanged} unchanged, {totals.skipped} skipped\n"
    )
    return 0 if totals.imported else door.FAILED


def report_skipped(number: int, reason: str) -> None:
    sys.stderr.write(f"line {number} skipped: {reason}\n")


class Progress:
    """One line that is written over on a terminal, a line every few seconds elsewhere."""

    def __init__(self) -> None:
        self._start = self._shown = time.monotonic()
        self._is_terminal = sys.stderr.isatty()

    def show(self, totals: ImportTotals) -> None:
        now = time.monotonic()
        if now - self._shown < (PROGRESS_SECONDS if self._is_terminal else LOG_SECONDS):
            return
        self._shown = now
        rate = totals.read / (now - self._start)
        end = "\r" if self._is_terminal else "\n"
        sys.stderr.write(f"{totals.read} read, {rate:.0f} a second{end}")
        sys.stderr.flush()

    def end(self) -> None:
        if self._is_terminal:
            sys.stderr.write("\x1b[K")


if __name__ == "__main__":
    sys.exit(main())
