"""What a row of a corpus reads like to the model: `Title: {title}`, a line for each label.

Pure. A field that is missing is left out with what separates it from the one before; a
line all of whose fields are missing is left out whole.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass

from whatsapp_bot.errors import ConfigError, InputError

Fields = Mapping[str, object]


@dataclass(frozen=True)
class _Slot:
    """A field, and the words before it. format: as Python's own, for numbers: `.2f`."""

    before: str
    field: str
    format: str


@dataclass(frozen=True)
class _Line:
    slots: tuple[_Slot, ...]
    after: str  # all of a line without fields

    def text(self, fields: Fields) -> str | None:
        if not self.slots:
            return self.after
        words = self.slots[0].before
        is_first = True
        for slot in self.slots:
            value = _value(fields.get(slot.field), slot)
            if value:
                words += value if is_first else slot.before + value
                is_first = False
        return None if is_first else words + self.after


class TextTemplate:
    def __init__(self, template: str) -> None:
        """Raises ConfigError for a template that cannot be read."""
        self._lines = [_parse(line) for line in template.split("\n")]
        self.fields = {slot.field for line in self._lines for slot in line.slots}
        if not self.fields:
            raise ConfigError(
                "the template names no column: write it as in 'Title: {title}'"
            )

    def text(self, fields: Fields) -> str:
        """Empty where the row has none of the fields. Raises InputError for a value that
        does not fit its format."""
        lines = [(line, line.text(fields)) for line in self._lines]
        if not any(line.slots and words is not None for line, words in lines):
            return ""
        return "\n".join(words for _, words in lines if words is not None).strip()


def _parse(line: str) -> _Line:
    slots, words = [], ""
    try:
        for before, field, form, conversion in string.Formatter().parse(line):
            words += before
            if field is None:
                continue
            if not field or conversion:
                raise ValueError("a field is a column's name in braces")
            slots.append(_Slot(words, field, form or ""))
            words = ""
    except ValueError as error:
        raise ConfigError(f"the template's line {line!r}: {error}") from None
    return _Line(tuple(slots), words)


def _value(value: object, slot: _Slot) -> str:
    if isinstance(value, bytes):
        raise InputError(f"{slot.field} is a blob, no text")
    if slot.format and value not in (None, ""):
        return _formatted(value, slot)
    if isinstance(value, list | tuple):
        return ", ".join(filter(None, (_words(item) for item in value)))
    return _words(value)


def _formatted(value: object, slot: _Slot) -> str:
    try:
        return format(float(str(value)), slot.format)
    except ValueError:
        raise InputError(
            f"{slot.field} is {str(value)[:40]!r}, which {slot.format!r} cannot format"
        ) from None


def _words(value: object) -> str:
    if value is None or isinstance(value, bool | dict):
        return "" if value is None else str(value)
    return str(value).strip()
