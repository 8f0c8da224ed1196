"""Which rows are meant by `1,5,10-20,A-7`; pure."""

from __future__ import annotations

import re

from whatsapp_bot.errors import ConfigError

RANGE = re.compile(r"(\d+)-(\d+)")


LARGEST_ID = 2**63 - 1  # of a bigint


class Ids:
    """Ranges of whole numbers, both ends included, and single ids."""

    def __init__(self, text: str) -> None:
        """Raises ConfigError."""
        parts = [part.strip() for part in text.split(",")]
        if not all(parts):
            raise ConfigError(f"--ids is {text!r}; it must be like 1,5,10-20")
        self._ranges: list[range] = []
        self._single: set[str] = set()
        for part in parts:
            match = RANGE.fullmatch(part)
            if match is None:
                self._single.add(part)
                continue
            first, last = int(match[1]), int(match[2])
            if first > last:
                raise ConfigError(f"--ids has {part!r}, which is the wrong way round")
            self._ranges.append(range(first, last + 1))

    def ranges(self) -> list[tuple[int, int]]:
        """First and last of each, for ids that are whole numbers. Raises ConfigError
        for any other."""
        found = [(ids[0], ids[-1]) for ids in self._ranges]
        for single in sorted(self._single):
            if not single.isdecimal():
                raise ConfigError(f"--ids has {single!r}, which is no whole number")
            found.append((int(single), int(single)))
        for _, last in found:
            if last > LARGEST_ID:
                raise ConfigError(f"--ids has {last}, which no id can be")
        return found

    def __contains__(self, row_id: object) -> bool:
        text = str(row_id)
        if text in self._single:
            return True
        return text.isdecimal() and any(int(text) in ids for ids in self._ranges)
