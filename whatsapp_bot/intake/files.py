"""Read records from JSONL, CSV and JSON files, gzip too, as a stream."""

from __future__ import annotations

import csv
import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from io import BufferedReader
from pathlib import Path

import ijson

from whatsapp_bot.errors import InputError

MAX_LINE_BYTES = 5_000_000
PIECE_BYTES = 64 * 1024  # read at once where nothing is kept

_BOM = b"\xef\xbb\xbf"
_UNREADABLE = (OSError, EOFError, zlib.error)  # a broken gzip raises any of them
_NOT_UTF8 = re.compile("[\udc80-\udcff]")  # what "surrogateescape" leaves behind


@dataclass(frozen=True)
class Line:
    """One record of a file, or why there is none: exactly one of the two is set.

    number: the line in a JSONL or CSV file, the element's position in a JSON file.
    """

    number: int
    record: Mapping[str, object] | None
    error: str | None


def read_records(path: Path, columns: Sequence[str] | None = None) -> Iterator[Line]:
    """Yield what the file holds; what cannot be read is a Line with an error.

    columns: the names for a CSV without a header. InputError, at once: the file as a
    whole cannot be read. A NaN or Infinity is None in JSONL, where Python's own writer
    leaves them, and ends a JSON file.
    """
    path = Path(path)
    read = _reader_for(path)
    if columns is not None:
        if read is not _read_csv:
            raise InputError(
                f"{path}: only a CSV is given column names; leave them out"
            )
        read = partial(_read_csv, columns=columns)
    _check_readable(path)
    return _stream(path, read)


def _reader_for(path: Path) -> Callable[[Path], Iterator[Line]]:
    endings = [ending.lower() for ending in path.suffixes]
    if endings[-1:] == [".gz"]:
        endings.pop()
    reader = _READERS.get(endings[-1] if endings else "")
    if reader is None:
        known = ", ".join(_READERS)
        raise InputError(f"{path}: cannot tell its format; name it {known} (or + .gz)")
    return reader


def _check_readable(path: Path) -> None:
    try:
        if path.is_dir():
            raise InputError(f"{path}: is a folder; name a file in it")
        if not path.is_file():
            raise InputError(f"{path}: there is no such file; check the name")
        with _open(path) as stream:
            stream.read1(PIECE_BYTES)
    except PermissionError as exc:
        raise InputError(f"{path}: may not be read; change its permissions") from exc
    except _UNREADABLE as exc:
        reason = f"cannot be read ({_reason(exc)})"
        raise InputError(f"{path}: {reason}; download or copy it again") from exc


def _stream(path: Path, read: Callable[[Path], Iterator[Line]]) -> Iterator[Line]:
    number = 0
    try:
        for line in read(path):
            number = line.number
            yield line
    except _UNREADABLE as exc:
        error = f"the file is cut off or damaged; nothing after this was read ({_reason(exc)})"
        yield Line(number + 1, None, error)


def _open(path: Path) -> BufferedReader | gzip.GzipFile:
    return gzip.open(path, "rb") if _is_gzip(path) else path.open("rb")


def _is_gzip(path: Path) -> bool:
    return path.suffix.lower() == ".gz"


def _skip_bom(stream: BufferedReader | gzip.GzipFile) -> None:
    if stream.read(len(_BOM)) != _BOM:
        stream.seek(0)


class _TextLines:
    """The lines of a stream, one in memory at a time.

    One that is too long raises an InputError; the next call goes on after it.
    """

    def __init__(self, stream: BufferedReader | gzip.GzipFile) -> None:
        self._stream = stream
        self.number = 0

    def __iter__(self) -> _TextLines:
        return self

    def __next__(self) -> str:
        line = self._stream.readline(MAX_LINE_BYTES + 1)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) > MAX_LINE_BYTES:
            self._skip_rest(line)
            raise InputError(f"the line is longer than {MAX_LINE_BYTES:,} bytes")
        return line.decode("utf-8", errors="surrogateescape")

    def _skip_rest(self, piece: bytes) -> None:
        while piece and not piece.endswith(b"\n"):
            piece = self._stream.readline(PIECE_BYTES)


def _read_jsonl(path: Path) -> Iterator[Line]:
    with _open(path) as stream:
        _skip_bom(stream)
        lines = _TextLines(stream)
        while True:
            try:
                text = next(lines)
                if text.strip():
                    yield Line(lines.number, _parse_json_line(text), None)
            except StopIteration:
                return
            except InputError as exc:
                yield Line(lines.number, None, str(exc))


def _parse_json_line(text: str) -> Mapping[str, object]:
    if _NOT_UTF8.search(text):
        raise InputError("the line is not UTF-8")
    try:
        value = json.loads(text.strip(), parse_constant=lambda _: None)
    except json.JSONDecodeError as exc:
        raise InputError(f"not JSON: {exc.msg} at column {exc.colno}") from exc
    except (ValueError, RecursionError) as exc:  # 5,000 digits; 5,000 brackets
        raise InputError(f"not JSON that can be read: {_reason(exc)}") from exc
    return _as_record(value)


def _as_record(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise InputError(
            f"not an object but {_KINDS.get(type(value), 'something else')}"
        )
    return value


_KINDS = {
    list: "a list",
    str: "a text",
    int: "a number",
    float: "a number",
    bool: "true or false",
    type(None): "null",
}


def _read_csv(path: Path, columns: Sequence[str] | None = None) -> Iterator[Line]:
    with _open(path) as stream:
        _skip_bom(stream)
        lines = _TextLines(stream)
        rows = csv.DictReader(lines, columns)
        try:
            _check_header(rows.fieldnames)
        except (InputError, csv.Error) as exc:
            # Without column names nothing below them means anything.
            yield Line(
                lines.number, None, f"no header: {_reason(exc)}; no row was read"
            )
            return
        while True:
            try:
                record = _parse_row(next(rows))
                if any(record.values()):  # spreadsheets leave rows of commas
                    yield Line(lines.number, record, None)
            except StopIteration:
                return
            except (InputError, csv.Error) as exc:
                yield Line(lines.number, None, _reason(exc))


def _check_header(names: Sequence[str] | None) -> None:
    if names is None:  # the file is empty
        return
    _check_characters("".join(names))
    named = [name.strip() for name in names if name.strip()]
    if not named:
        raise InputError("no column has a name")
    for name in named:
        if named.count(name) > 1:
            raise InputError(f"two columns are called {name[:100]!r}")


def _check_characters(text: str) -> None:
    if _NOT_UTF8.search(text):
        raise InputError("the row is not UTF-8")
    if "\0" in text:
        raise InputError("the row holds a NUL byte")


def _parse_row(row: dict[str | None, str | list[str] | None]) -> Mapping[str, object]:
    if None in row:  # where DictReader puts the cells that have no column
        raise InputError("the row has more cells than the header has names")
    record: dict[str, object] = {}
    for name, cell in row.items():
        _check_characters(str(cell))  # None where the row is short
        if name and name.strip():
            record[name.strip()] = cell or None
    return record


def _read_json(path: Path) -> Iterator[Line]:
    number = 0
    try:
        where = _find_list(path)
        if where is None:
            raise InputError("there is no list of records in it")
        with _open(path) as stream:
            _skip_bom(stream)
            for value in ijson.items(stream, where, use_float=True):
                number += 1
                yield _element(number, value)
    except InputError as exc:
        yield Line(number + 1, None, str(exc))
    except (ijson.JSONError, ValueError, RecursionError) as exc:
        error = f"the JSON is broken here; nothing after it was read ({_reason(exc)})"
        yield Line(number + 1, None, error)


def _element(number: int, value: object) -> Line:
    try:
        return Line(number, _as_record(value), None)
    except InputError as exc:
        return Line(number, None, str(exc))


def _find_list(path: Path) -> str | None:
    """Where ijson finds the records: the list itself, or the first list of objects
    one level down. An empty list will do when there is no better one."""
    key, opened, empty = None, None, None
    with _open(path) as stream:
        _skip_bom(stream)
        for prefix, event, value in ijson.parse(stream, use_float=True):
            if event == "start_array" and prefix == "" and key is None:
                return "item"
            if opened is not None and event == "start_map":
                return f"{opened}.item" if opened else "item"
            if opened is not None and event == "end_array":
                empty = empty or f"{opened}.item"
            if event == "map_key" and prefix == "":
                key = value
            opened = key if event == "start_array" and prefix == key else None
    return empty


def _reason(exc: BaseException) -> str:
    """The first line of what went wrong: ijson draws a picture below it, and for bad
    UTF-8 gives the repr of bytes."""
    lines = str(exc).partition("\\n")[0].splitlines() or [type(exc).__name__]
    return lines[0].removeprefix("b'").strip()


_READERS: Mapping[str, Callable[[Path], Iterator[Line]]] = {
    ".jsonl": _read_jsonl,
    ".ndjson": _read_jsonl,
    ".csv": _read_csv,
    ".json": _read_json,
}
