"""The checkpoint of an output in files: a line for each batch that is stored.

A line is one write at the end of the file: after a kill at any moment it is there whole
or is cut off, and a line that is cut off never happened.
"""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import Any

from whatsapp_bot.errors import OutputError

Entry = dict[str, Any]


class Journal:
    """Held by one process at a time."""

    def __init__(self, path: Path) -> None:
        """Raises OutputError when another process holds it."""
        self._path = path
        self._file = _open_locked(path)
        self._is_removed = False

    def read(self) -> list[Entry]:
        """What was written, oldest first; a cut-off end is taken away. Raises OutputError
        when it is damaged."""
        lines = self._read_all().split(b"\n")
        cut_off = lines.pop()
        if cut_off:
            os.ftruncate(self._file, self._size() - len(cut_off))
        try:
            entries = [json.loads(line) for line in lines]
            if all(isinstance(entry, dict) for entry in entries):
                return entries
        except ValueError:
            pass
        raise OutputError(
            f"{self._path} is damaged: start anew with --reset, or put a copy back"
        )

    def append(self, entry: Entry) -> None:
        line = json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n"
        data = line.encode("utf-8", "replace")
        os.pwrite(self._file, data, self._size())

    def sync(self) -> None:
        """To the disk: what was appended outlives a power cut."""
        os.fsync(self._file)

    def clear(self) -> None:
        os.ftruncate(self._file, 0)

    def remove(self) -> None:
        """Its work is done."""
        self._path.unlink(missing_ok=True)
        self._is_removed = True

    def close(self) -> None:
        if not self._is_removed and not self._size():
            self.remove()
        os.close(self._file)

    def _size(self) -> int:
        return os.fstat(self._file).st_size

    def _read_all(self) -> bytes:
        return os.pread(self._file, self._size(), 0)


def _open_locked(path: Path) -> int:
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever held it may have removed it since: then this is no file's lock.
            if path.exists() and path.stat().st_ino == os.fstat(file).st_ino:
                return file
        except BlockingIOError:
            os.close(file)
            raise OutputError(f"another process is writing to {path.parent}") from None
        os.close(file)
