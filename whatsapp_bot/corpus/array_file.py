"""A .npy file of float32 (rows, dimensions), read and written row by row."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from whatsapp_bot.embeddings.provider import Vectors
from whatsapp_bot.errors import OutputError

FLOAT_BYTES = 4
CHECKED_BYTES = 4_000_000  # at once


class ArrayFile:
    """Holds no more in memory than it is asked for."""

    def __init__(self, path: Path, file: int, rows: int, dimensions: int) -> None:
        self._path = path
        self._file = file
        self._rows = rows
        self._dimensions = dimensions
        self._row_bytes = FLOAT_BYTES * dimensions
        self._start = len(_header(rows, dimensions))

    @classmethod
    def create(cls, path: Path, rows: int, dimensions: int) -> ArrayFile:
        """A new file, in its full length; its rows are whatever they are until they are
        written."""
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
        header = _header(rows, dimensions)
        os.pwrite(file, header, 0)
        os.ftruncate(file, len(header) + rows * FLOAT_BYTES * dimensions)
        return cls(path, file, rows, dimensions)

    @classmethod
    def open(cls, path: Path, rows: int, dimensions: int) -> ArrayFile:
        """Raises OutputError for another shape or type than float32 (rows,
        dimensions)."""
        file = os.open(path, os.O_RDWR)
        header = _header(rows, dimensions)
        size = len(header) + rows * FLOAT_BYTES * dimensions
        if os.pread(file, len(header), 0) == header and os.fstat(file).st_size == size:
            return cls(path, file, rows, dimensions)
        os.close(file)
        raise OutputError(
            f"{path} is damaged: it is no float32 array of {rows} × {dimensions}; make "
            "it anew with --reset"
        )

    def write(self, rows: Sequence[int], vectors: Vectors) -> None:
        """Vector i to rows[i]; neighbours in one go."""
        data = memoryview(vectors.astype("<f4").tobytes())
        start = 0
        for i in range(1, len(rows) + 1):
            if i == len(rows) or rows[i] != rows[i - 1] + 1:
                part = data[start * self._row_bytes : i * self._row_bytes]
                self._write_all(part, self._place(rows[start]))
                start = i

    def read(self, row: int, count: int) -> Vectors:
        """float32 (count, dimensions)"""
        size = count * self._row_bytes
        data = os.pread(self._file, size, self._place(row))
        values = np.frombuffer(data, "<f4").astype(np.float32, copy=False)
        return values.reshape(-1, self._dimensions)

    def read_rows(self, rows: Sequence[int]) -> Vectors:
        if not rows:
            return np.empty((0, self._dimensions), np.float32)
        if rows[-1] - rows[0] == len(rows) - 1:
            return self.read(rows[0], len(rows))
        return np.concatenate([self.read(row, 1) for row in rows])

    def check(self, failed: Sequence[int]) -> str:
        """The SHA-256 of the whole file. Raises OutputError where a row is not finite
        and is not one of these, or the other way round."""
        digest = hashlib.sha256(os.pread(self._file, self._start, 0))
        expected = np.zeros(self._rows, np.bool_)
        expected[list(failed)] = True
        step = max(1, CHECKED_BYTES // self._row_bytes)
        for row in range(0, self._rows, step):
            vectors = self.read(row, min(step, self._rows - row))
            digest.update(vectors.astype("<f4").tobytes())
            broken = ~np.isfinite(vectors).all(axis=1)
            wrong = np.flatnonzero(broken != expected[row : row + step])
            if len(wrong):
                raise OutputError(
                    f"{self._path} is damaged: row {row + wrong[0]} is not as it was "
                    "written; make it anew with --reset"
                )
        return digest.hexdigest()

    def sync(self) -> None:
        os.fsync(self._file)

    def close(self) -> None:
        os.close(self._file)

    def _place(self, row: int) -> int:
        return self._start + row * self._row_bytes

    def _write_all(self, data: memoryview, place: int) -> None:
        while data:
            written = os.pwrite(self._file, data, place)
            data, place = data[written:], place + written


def _header(rows: int, dimensions: int) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        file,
        {"descr": "<f4", "fortran_order": False, "shape": (rows, dimensions)},
    )
    return file.getvalue()
