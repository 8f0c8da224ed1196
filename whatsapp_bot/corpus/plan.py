"""What is to be embedded: one pass over the source, before anything is paid for.

Kept for a row are some 40 bytes, never its text: a corpus may
be larger than the memory.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from whatsapp_bot.corpus.sources import Source, SourceRow
from whatsapp_bot.corpus.text_template import TextTemplate
from whatsapp_bot.database.vector_table import Id
from whatsapp_bot.embeddings.packing import shorten
from whatsapp_bot.errors import ConfigError, InputError

HASH_BYTES = 16
ID_BYTES = 8
SHOWN_FAULTS = 5
COUNTED_AT_ONCE = 1_000  # texts
NOTHING = "there is nothing to embed: each of its fields is empty"

Flags = npt.NDArray[np.bool_]
CountTokens = Callable[[Sequence[str]], Sequence[int]]


@dataclass(frozen=True)
class CorpusText:
    """A row's text, cut to what the model takes; text_hash is of all of it. fault: why
    there is none."""

    number: int
    id: Id
    text: str
    text_hash: bytes
    is_cut: bool = False
    fault: str | None = None


@dataclass(frozen=True)
class Corpus:
    source: Source
    template: TextTemplate
    max_text_tokens: int

    def texts(self) -> Iterator[CorpusText]:
        """Raises InputError when the source cannot be read as a whole."""
        return (self.text_of(row) for row in self.source.read())

    def text_of(self, row: SourceRow) -> CorpusText:
        text, fault = "", row.error
        if fault is None:
            try:
                text = self.template.text(row.fields)
                text.encode()
                fault = None if text else NOTHING
            except InputError as error:
                fault = str(error)
            except UnicodeEncodeError:
                text, fault = "", "its text is not valid Unicode"
        short = shorten(text, self.max_text_tokens)
        return CorpusText(
            row.number, row.id, short, _hash(text, HASH_BYTES), short != text, fault
        )


@dataclass(frozen=True)
class Plan:
    """All arrays have one value for each row.

    hashes: of the texts. tokens: as they will be billed, 0 where nothing will be.
    has_text: there is something to embed. first: the first row with the same text; only
    that one is paid for. fingerprint: of all texts, in order.
    """

    hashes: npt.NDArray[np.void]
    tokens: npt.NDArray[np.int32]
    has_text: Flags
    first: npt.NDArray[np.int64]
    fingerprint: str
    shortened: int
    example: str
    faults: tuple[CorpusText, ...]

    @property
    def rows(self) -> int:
        return len(self.hashes)

    @property
    def is_first(self) -> Flags:
        """Rows whose text no earlier row has."""
        return np.asarray(self.first == np.arange(self.rows))

    def to_pay(self, done: Flags) -> Flags:
        return np.asarray(~done & self.has_text & self.is_first)


def make_plan(corpus: Corpus, count_tokens: CountTokens | None) -> Plan:
    """count_tokens: None where nothing is billed.

    Raises InputError (it cannot be read, has no rows, two of them have the same id) and
    ConfigError (a column that no row has).
    """
    notes = _Notes()
    rows = corpus.source.read()
    while chunk := list(itertools.islice(rows, COUNTED_AT_ONCE)):
        texts = [corpus.text_of(row) for row in chunk]
        for row, text in zip(chunk, texts, strict=True):
            notes.add(row, text, corpus.template.fields)
        counts = count_tokens([text.text for text in texts]) if count_tokens else None
        notes.tokens.append(np.array(counts or [0] * len(texts), np.int32))
    if not notes.hashes:
        raise InputError(f"{corpus.source.path}: there are no such rows in it")
    if missing := corpus.template.fields - notes.fields:
        raise ConfigError(
            f"no row has {_quoted(missing)}, which the template names; there are: "
            f"{_quoted(notes.columns)}"
        )
    return notes.plan()


class _Notes:
    """What is kept of each row."""

    def __init__(self) -> None:
        self.hashes = bytearray()
        self.tokens: list[npt.NDArray[np.int32]] = []
        self.fields: set[str] = set()
        self.columns: set[str] = set()
        self._ids = bytearray()
        self._has_text = bytearray()
        self._shortened = 0
        self._example = ""
        self._faults: list[CorpusText] = []

    def add(self, row: SourceRow, text: CorpusText, wanted: set[str]) -> None:
        self.hashes += text.text_hash
        self._ids += _hash(repr(row.id), ID_BYTES)
        self._has_text.append(text.fault is None)
        self._shortened += text.is_cut
        self._example = self._example or text.text
        if text.fault and len(self._faults) < SHOWN_FAULTS:
            self._faults.append(text)
        self.fields |= wanted & row.fields.keys()
        self.columns = self.columns or set(row.fields)

    def plan(self) -> Plan:
        ids = np.frombuffer(self._ids, np.uint64)
        if twice := len(ids) - len(np.unique(ids)):
            raise InputError(f"{twice} rows have an id that another row has too")
        hashes = np.frombuffer(bytes(self.hashes), f"V{HASH_BYTES}")
        _, index, inverse = np.unique(hashes, return_index=True, return_inverse=True)
        return Plan(
            hashes=hashes,
            tokens=np.concatenate(self.tokens),
            has_text=np.frombuffer(bytes(self._has_text), np.bool_),
            first=index[inverse],
            fingerprint=hashlib.sha256(self.hashes).hexdigest(),
            shortened=self._shortened,
            example=self._example,
            faults=tuple(self._faults),
        )


def _hash(text: str, size: int) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=size).digest()


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in sorted(names)) or "none"
