"""Imports files of postings and of people, record by record."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from whatsapp_bot.errors import DatabaseError, DatabaseUnavailable, InputError
from whatsapp_bot.intake.ai_enhanced_parser import AIEnhancedParser
from whatsapp_bot.intake.files import Line, read_records
from whatsapp_bot.intake.flexible_preference_manager import FlexiblePreferenceManager
from whatsapp_bot.intake.posting import Posting, parse_posting
from whatsapp_bot.intake.profile import parse_person

BATCH_SIZE = 500  # postings in a transaction

Report = Callable[[int, str], None]  # the line, and why it was skipped


@dataclass
class ImportTotals:
    """Records read = new + changed + unchanged + skipped."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    skipped: int = 0

    @property
    def imported(self) -> int:
        return self.new + self.changed + self.unchanged

    @property
    def read(self) -> int:
        return self.imported + self.skipped


@dataclass(frozen=True)
class DateShift:
    """Moves the dates of an old file into the last days, in their order."""

    first: date
    last: date
    today: date
    days: int

    def move(self, posting: Posting) -> Posting:
        if posting.posted_date is None:
            return posting
        span = max((self.last - self.first).days, 1)
        age = (self.last - posting.posted_date).days / span * (self.days - 1)
        moved = self.today - timedelta(days=round(age))
        return dataclasses.replace(posting, posted_date=moved)


class JobImporter:
    """Streams a file into the database; memory does not grow with the file."""

    def __init__(
        self,
        parser: AIEnhancedParser,
        on_skip: Report,
        on_batch: Callable[[ImportTotals], None] = lambda totals: None,
    ) -> None:
        self._parser = parser
        self._on_skip = on_skip
        self._on_batch = on_batch

    def import_file(
        self, path: Path, source: str | None = None, shift: DateShift | None = None
    ) -> ImportTotals:
        """Import the postings; what is malformed is reported and skipped.

        source: for postings that do not name theirs. Raises InputError when the file
        cannot be read at all, DatabaseUnavailable when the database went away: what was
        saved until then stays, and importing again goes on.
        """
        totals = ImportTotals()
        batch: dict[tuple[str, str], tuple[int, Posting]] = {}
        for line in read_records(path):
            posting = self._parse(line, source, totals)
            if posting is None:
                continue
            key = (posting.source, posting.source_id)
            # One statement cannot save the same posting twice.
            if len(batch) == BATCH_SIZE or key in batch:
                self._save(list(batch.values()), totals)
                batch.clear()
            batch[key] = (line.number, shift.move(posting) if shift else posting)
        self._save(list(batch.values()), totals)
        return totals

    def _parse(
        self, line: Line, source: str | None, totals: ImportTotals
    ) -> Posting | None:
        try:
            if line.record is None:
                raise InputError(line.error)
            return parse_posting(line.record, source)
        except InputError as error:
            self._skip(line.number, error, totals)
            return None

    def _save(self, batch: list[tuple[int, Posting]], totals: ImportTotals) -> None:
        if not batch:
            return
        try:
            saved = self._parser.save_postings([posting for _, posting in batch])
        except DatabaseUnavailable:
            raise
        except DatabaseError as error:
            self._save_apart(batch, totals, error)
            return
        for job in saved:
            setattr(totals, job.outcome, getattr(totals, job.outcome) + 1)
        self._on_batch(totals)

    def _save_apart(
        self,
        batch: list[tuple[int, Posting]],
        totals: ImportTotals,
        error: DatabaseError,
    ) -> None:
        """One posting that the database refuses does not stop the others."""
        if len(batch) == 1:
            self._skip(batch[0][0], error, totals)
            return
        middle = len(batch) // 2
        self._save(batch[:middle], totals)
        self._save(batch[middle:], totals)

    def _skip(self, number: int, error: Exception, totals: ImportTotals) -> None:
        totals.skipped += 1
        self._on_skip(number, str(error))


def find_date_shift(path: Path, days: int, today: date) -> DateShift | None:
    """Read the file once for its first and last date; None when it has no dates."""
    first: date | None = None
    last: date | None = None
    for posted in _dates(path):
        first = min(first or posted, posted)
        last = max(last or posted, posted)
    return DateShift(first, last, today, days) if first and last else None


def _dates(path: Path) -> Iterator[date]:
    for line in read_records(path):
        try:
            posting = parse_posting(line.record or {}, "dates")
        except InputError:
            continue
        if posting.posted_date is not None:
            yield posting.posted_date


def import_people(
    path: Path, manager: FlexiblePreferenceManager, on_skip: Report
) -> ImportTotals:
    """Import people; what is malformed is reported and skipped. Raises like
    JobImporter.import_file."""
    totals = ImportTotals()
    for line in read_records(path):
        try:
            if line.record is None:
                raise InputError(line.error)
            manager.save_person(parse_person(line.record))
            totals.new += 1
        except DatabaseUnavailable:
            raise
        except (InputError, DatabaseError) as error:
            totals.skipped += 1
            on_skip(line.number, str(error))
    return totals
