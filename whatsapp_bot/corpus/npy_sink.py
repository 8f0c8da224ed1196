"""A folder with an array of float32 and what it is made of beside it.

    train_embeddings.npy             row i is the vector of row i of the source
    train_metadata.json              model, dimensions, input, cost, checksum
    .train_embeddings.npy.partial    while it is not finished ...
    .checkpoint_train.jsonl          ... and which of its rows are done

Rows are written to their places in the file, so memory does not grow with it. Mapped
into memory, the pages written would count as ours.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from whatsapp_bot.corpus.array_file import ArrayFile
from whatsapp_bot.corpus.journal import Entry, Journal
from whatsapp_bot.corpus.plan import CorpusText, Flags, Plan
from whatsapp_bot.corpus.sink import Batch, Failure, ReadTexts, Standing
from whatsapp_bot.embeddings.provider import Vectors
from whatsapp_bot.errors import InputError, OutputError

SYNC_SECONDS = 1.0  # at most so much is done again after a power cut


@dataclass(frozen=True)
class Label:
    """What the sidecar says beside the figures."""

    dataset: str
    split: str
    template: str


class NpySink:
    """See Sink."""

    def __init__(
        self,
        folder: Path,
        label: Label,
        model: str,
        dimensions: int,
        *,
        anew: bool = False,
        dry: bool = False,
    ) -> None:
        """anew: what is there is deleted by `begin`. dry: make no folder. Raises
        OutputError."""
        self._label = label
        self._anew = anew
        self._model = model
        self._dimensions = dimensions
        split = label.split
        self.path = folder / f"{split}_embeddings.npy"
        self._sidecar = folder / f"{split}_metadata.json"
        self._partial = folder / f".{split}_embeddings.npy.partial"
        with _translated(folder):
            if not dry:
                folder.mkdir(parents=True, exist_ok=True)
            is_there = folder.is_dir()
            checkpoint = folder / f".checkpoint_{split}.jsonl"
            self._journal = Journal(checkpoint) if is_there else None
        self._array: ArrayFile | None = None
        self._plan: Plan | None = None
        self._entries: list[Entry] = []
        self._done: Flags = np.zeros(0, np.bool_)
        self._synced_at = self._stored_at = time.monotonic()

    @property
    def place(self) -> str:
        return str(self.path)

    def look(self, plan: Plan, read_texts: ReadTexts) -> Standing:
        self._plan = plan
        self._done = np.zeros(plan.rows, np.bool_)
        with _translated(self.path):
            if self._anew:
                return Standing(self._done.copy())
            if self._journal and self._partial.exists():
                self._resume(plan)
            elif self.path.exists():
                return self._look_at_finished(plan)
            elif self._journal:
                self._journal.clear()
        return Standing(self._done.copy())

    def begin(self) -> None:
        plan = self._known_plan()
        with _translated(self.path):
            if self._anew:
                self._delete()
            if self._entries:
                return
            # The file first: what has a first line has a whole file.
            self._array = ArrayFile.create(self._partial, plan.rows, self._dimensions)
            self._entries.append(self._identity(plan))
            self._new_journal().append(self._identity(plan))

    def store(self, batch: Batch) -> None:
        """The rows first, then the line that says so: without the line they are
        nothing."""
        array = self._open_array()
        rows = [text.number for text in batch.texts]
        with _translated(self.path):
            array.write(rows, batch.vectors)
            now = time.monotonic()
            entry: Entry = {
                "rows": _as_ranges(rows),
                "crc": _crc(batch.vectors),
                "calls": batch.cost.requests,
                "tokens": batch.cost.tokens,
                "cost_usd": batch.cost.dollars,
                "seconds": round(now - self._stored_at, 3),
            }
            if batch.failures:
                entry["failed"] = _listed(batch.failures)
            self._stored_at = now
            if now - self._synced_at > SYNC_SECONDS:
                array.sync()
            self._new_journal().append(entry)
            if now - self._synced_at > SYNC_SECONDS:
                self._new_journal().sync()
                self._synced_at = now
        self._entries.append(entry)
        self._done[rows] = True

    def find(self, texts: Sequence[CorpusText]) -> list[Vectors | None]:
        array, first = self._open_array(), self._known_plan().first
        originals = [int(first[text.number]) for text in texts]
        return [array.read(row, 1)[0] if self._done[row] else None for row in originals]

    def finish(self, failures: Sequence[Failure]) -> None:
        array, plan = self._open_array(), self._known_plan()
        failed = [failure.text.number for failure in failures]
        with _translated(self.path):
            # Not zeros: whatever is computed from such a row shows that it is none.
            nothing = np.full((len(failed), self._dimensions), np.nan, np.float32)
            array.write(failed, nothing)
            array.sync()
            checksum = array.check(failed)
            about = self._identity(plan) | self._figures() | {"checksum": checksum}
            about["failed"] = _listed(failures)
            _write_whole(self._sidecar, json.dumps(about, indent=2, ensure_ascii=False))
            os.replace(self._partial, self.path)
            _sync_folder(self.path.parent)
            self._new_journal().remove()

    def close(self) -> None:
        if self._array:
            self._array.close()
        if self._journal:
            self._journal.close()

    def _delete(self) -> None:
        # What says that there is an array goes first.
        for path in (self._sidecar, self.path, self._partial):
            path.unlink(missing_ok=True)
        self._new_journal().clear()

    # --- what is there already

    def _resume(self, plan: Plan) -> None:
        entries = self._new_journal().read()
        if not entries:
            return  # killed before the first line
        self._refuse_other(entries[0], plan, f"what was begun of {self.path}")
        self._array = ArrayFile.open(self._partial, plan.rows, self._dimensions)
        self._entries = entries
        for entry in entries[1:]:
            rows = [row for first, end in entry["rows"] for row in range(first, end)]
            # Otherwise the power went before they were on the disk: they are done again.
            if _crc(self._array.read_rows(rows)) == entry["crc"]:
                self._done[rows] = True

    def _look_at_finished(self, plan: Plan) -> Standing:
        about = self._read_sidecar()
        self._refuse_other(about, plan, str(self.path))
        failed = [row for row, _, _ in about.get("failed", [])]
        array = ArrayFile.open(self.path, plan.rows, self._dimensions)
        try:
            if array.check(failed) != about.get("checksum"):
                raise OutputError(
                    f"{self.path} is damaged: its checksum is not that of "
                    f"{self._sidecar.name}; make it anew with --reset"
                )
        finally:
            array.close()
        self._done[:] = True
        self._done[failed] = False
        if self._journal:
            self._journal.clear()
        return Standing(self._done.copy(), is_finished=True)

    def _read_sidecar(self) -> dict[str, Any]:
        try:
            about = json.loads(self._sidecar.read_text(encoding="utf-8"))
            if isinstance(about, dict):
                return about
        except (OSError, ValueError):
            pass
        raise OutputError(
            f"{self.path} is there, and {self._sidecar.name}, which says what it is, "
            "cannot be read; put it back, or make both anew with --reset"
        )

    def _refuse_other(self, about: Entry, plan: Plan, what: str) -> None:
        for name, wanted in self._identity(plan).items():
            found = about.get(name)
            if found == wanted or name in ("dataset", "split", "template"):
                continue
            change = f"{name} was {found} and is {wanted} now"
            if name == "input":
                change = "the texts are not the same any more"
            raise InputError(
                f"{what} does not fit: {change}; name another SINK or --split, or make "
                "it anew with --reset"
            )

    # --- what is written beside it

    def _identity(self, plan: Plan) -> dict[str, Any]:
        return {
            "model": self._model,
            "dimensions": self._dimensions,
            "rows": plan.rows,
            "input": plan.fingerprint,
            **asdict(self._label),
        }

    def _figures(self) -> dict[str, Any]:
        """Of all runs that it took."""
        names = ("calls", "tokens", "cost_usd", "seconds")
        sums = {name: sum(entry[name] for entry in self._entries[1:]) for name in names}
        return {
            "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
            **{name: round(value, 6) for name, value in sums.items()},
        }

    def _open_array(self) -> ArrayFile:
        assert self._array, "begin comes first"
        return self._array

    def _known_plan(self) -> Plan:
        assert self._plan, "look comes first"
        return self._plan

    def _new_journal(self) -> Journal:
        assert self._journal, "a dry run writes nothing"
        return self._journal


def _crc(vectors: Vectors) -> int:
    return zlib.crc32(vectors.astype("<f4").tobytes())


def _as_ranges(rows: Sequence[int]) -> list[tuple[int, int]]:
    """[4, 5, 6, 9] -> [(4, 7), (9, 10)]; rows are in order."""
    ranges: list[tuple[int, int]] = []
    for row in rows:
        if ranges and ranges[-1][1] == row:
            ranges[-1] = (ranges[-1][0], row + 1)
        else:
            ranges.append((row, row + 1))
    return ranges


def _listed(failures: Sequence[Failure]) -> list[tuple[int, int | str, str]]:
    """Row, id, reason."""
    return [
        (failure.text.number, failure.text.id, failure.reason) for failure in failures
    ]


def _write_whole(path: Path, text: str) -> None:
    """As a whole or not at all."""
    new = path.with_name(f".{path.name}.new")
    with new.open("w", encoding="utf-8") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)


def _sync_folder(folder: Path) -> None:
    """Renames are of the folder."""
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise OutputError(f"{path}: {exc.strerror or exc}") from exc
