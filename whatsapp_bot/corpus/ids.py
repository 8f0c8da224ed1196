"""Which rows are meant by `1,5,10-20,A-7`; pure."""

from __future__ import annotations

import re

from whatsapp_bot.errors import ConfigError

RANGE = re.compile(r"(\d+)-(\d+)")


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

    def __contains__(self, row_id: object) -> bool:
        text = str(row_id)
        if text in self._single:
            return True
        return text.isdecimal() and any(int(text) in ids for ids in self._ranges)
