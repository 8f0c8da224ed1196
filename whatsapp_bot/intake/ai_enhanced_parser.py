"""Saves job postings, then embeds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from whatsapp_bot.database.jobs import JobStore
from whatsapp_bot.intake.posting import Posting, parse_posting
from whatsapp_bot.intake.save_hook import SaveHook
from whatsapp_bot.records import Row, SavedJob


class AIEnhancedParser:
    def __init__(self, jobs: JobStore, hook: SaveHook) -> None:
        self._jobs = jobs
        self._hook = hook

    def save_canonical_job(
        self, posting: Mapping[str, object], source: str | None = None
    ) -> int:
        """Save one posting, new or known by (source, source id); the job's id.

        When it returns the posting is saved, whether or not it could be embedded yet.
        Raises InputError (nothing was saved) or DatabaseError.
        """
        (saved,) = self.save_postings([parse_posting(posting, source)])
        self._hook.saved("job", saved.id)
        return saved.id

    def save_postings(self, postings: Sequence[Posting]) -> list[SavedJob]:
        """Save a batch, all or none, without waiting for the vectors."""
        return self._jobs.save([_as_row(posting) for posting in postings])


def _as_row(posting: Posting) -> Row:
    date = posting.posted_date
    return vars(posting) | {
        "content_hash": posting.content_hash().hex(),
        "posted_date": date.isoformat() if date else None,
    }
