"""The words of a posting that an enrichment is made from; pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from whatsapp_bot.intake.cleaning import clean_line, clean_text

SHORTEST_DESCRIPTION = 80  # characters; less says no more than the title
LONGEST_DESCRIPTION = 8_000  # characters: four pages, some 2,000 tokens


@dataclass(frozen=True)
class PostingText:
    """Without markup and characters that nobody sees; '' where nothing is said."""

    title: str
    company: str
    location: str
    country: str
    description: str

    @classmethod
    def of(cls, job: Mapping[str, object]) -> PostingText:
        return cls(
            title=clean_line(job.get("title")) or "",
            company=clean_line(job.get("company")) or "",
            location=clean_line(job.get("location")) or "",
            country=clean_line(job.get("country")) or "",
            description=clean_text(job.get("description"), LONGEST_DESCRIPTION) or "",
        )

    @property
    def is_described(self) -> bool:
        return len(self.description) >= SHORTEST_DESCRIPTION

    @property
    def whole(self) -> str:
        """All of it: what a value must be found in."""
        return "\n".join(part for part in vars(self).values() if part)

    def hash(self, version: str) -> bytes:
        said = "\0".join((version, *vars(self).values()))
        return hashlib.sha256(said.encode("utf-8", "replace")).digest()
