"""Rows of job_enrichments: claim, store, give back; and those that are chosen by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from whatsapp_bot.database.claims import claims_of, keys_of, refusal_of
from whatsapp_bot.database.database_manager import DatabaseManager, as_json
from whatsapp_bot.records import Claim, Enrichment, Row

CHUNK_ROWS = 1_000  # locked at a time


@dataclass(frozen=True)
class Reading:
    """What was made of a claimed posting. source: rules, or a chat model's name.
    changes_text: of its embedding."""

    claim: Claim
    text_hash: bytes
    enrichment: Enrichment
    source: str
    changes_text: bool


@dataclass(frozen=True)
class EnrichmentChoice:
    """Which jobs. ranges: first and last id of each, None for all. version: of the
    reader that is to read them; is_free: it is the rules. force: what is read too."""

    ranges: list[tuple[int, int]] | None
    version: str
    is_free: bool
    force: bool = False
    limit: int | None = None


class EnrichmentStore:
    """Whatever writes is guarded by the revision that was claimed."""

    def __init__(self, database: DatabaseManager) -> None:
        self._database = database

    def claim_due(self, limit: int, lease_seconds: float) -> list[Claim]:
        """Lease up to `limit` due rows, newest first; other workers pass them by."""
        rows = self._rows(
            "claim_due_enrichments", limit=limit, lease_seconds=lease_seconds
        )
        return claims_of(rows)

    def claim(self, ids: Sequence[int], lease_seconds: float) -> list[Claim]:
        """Lease those that are due."""
        rows = self._rows(
            "claim_enrichments", ids=list(ids), lease_seconds=lease_seconds
        )
        return claims_of(rows)

    def read_jobs(self, ids: Sequence[int]) -> dict[int, Row]:
        """By id: what templates read of a job, among it what it was enriched with."""
        rows = self._rows("read_jobs_to_embed", ids=list(ids))
        return {row["id"]: row for row in rows}

    def find_known(
        self, text_hashes: Sequence[bytes]
    ) -> dict[bytes, tuple[Enrichment, str]]:
        """What was made of these texts before, and its source."""
        rows = self._rows("find_known_enrichments", text_hashes=list(text_hashes))
        return {bytes(row.pop("text_hash")): _known(row) for row in rows}

    def store(self, readings: Sequence[Reading], version: str) -> int:
        """Write them and clear their due_at; how many were written. Where the text of
        the embedding changes, that is due."""
        if not readings:
            return 0
        ordered = sorted(readings, key=lambda reading: reading.claim.id)
        changed = [each.claim.id for each in ordered if each.changes_text]
        with self._database.transaction() as cursor:
            if changed:
                cursor.rows("mark_embeddings_due", ids=changed)
            return cursor.run(
                "store_enrichments",
                version=version,
                enrichments=as_json([_as_row(reading) for reading in ordered]),
            )

    def confirm(self, claims: Sequence[Claim]) -> None:
        """The text is still the one that was read."""
        self._run_for("confirm_enrichments", claims)

    def give_back(self, claims: Sequence[Claim], delay_seconds: float) -> None:
        """Due again after the delay; it counts as no attempt."""
        self._run_for("give_back_enrichments", claims, delay_seconds=delay_seconds)

    def set_aside(self, claim: Claim, error: str, max_attempts: int) -> None:
        """This posting cannot be read: try later, and at last let it rest."""
        with self._database.transaction() as cursor:
            cursor.run("set_aside_enrichment", **refusal_of(claim, error, max_attempts))

    def add_missing(self) -> int:
        """Find live jobs that no trigger told of; how many are due now."""
        with self._database.transaction() as cursor:
            return cursor.run("add_missing_enrichments")

    def drop_ended(self) -> int:
        """Jobs that cannot be found any more are not due."""
        with self._database.transaction() as cursor:
            return cursor.run("drop_ended_enrichments")

    def facts(self) -> Row:
        """made, by_chat, due, failed: in rows"""
        return self._rows("enrichment_facts")[0]

    # --- chosen by hand

    def select(self, choice: EnrichmentChoice) -> list[Row]:
        """id, is_new, has_placeholder, is_to_embed of what is to be read or embedded
        anew, newest first; writes nothing."""
        return self._rows(
            "select_jobs_to_enrich",
            **_chosen(choice),
            version=choice.version,
            is_free=choice.is_free,
            force=choice.force,
            limit=choice.limit,
        )

    def count(self, choice: EnrichmentChoice) -> int:
        """Live jobs that the choice is made from."""
        rows = self._rows("count_jobs_to_enrich_from", **_chosen(choice))
        return int(rows[0]["count"])

    def wake(self, ids: Sequence[int], lease_seconds: float) -> None:
        """Make them due, but for what a worker has leased; and drop vectors that no
        model made."""
        for chunk in _chunks(ids):
            with self._database.transaction() as cursor:
                cursor.run("wake_enrichments", ids=chunk, lease_seconds=lease_seconds)
            with self._database.transaction() as cursor:
                cursor.run("discard_placeholders", ids=chunk)

    def force(self, ids: Sequence[int]) -> None:
        """Make them due, to be read anew."""
        self.wake(ids, lease_seconds=0)
        for chunk in _chunks(ids):
            with self._database.transaction() as cursor:
                cursor.run("force_enrichments", ids=chunk)

    def find_open(self, ids: Sequence[int]) -> list[Row]:
        """id, and in how many seconds it may be claimed, of those that are not settled;
        newest first."""
        return self._rows("find_open_enrichments", ids=list(ids))

    def find_refused(self, ids: Sequence[int]) -> list[Row]:
        """id and last_error, in order of id."""
        return self._rows("find_refused_enrichments", ids=list(ids))

    def _rows(self, name: str, /, **values: object) -> list[Row]:
        with self._database.transaction() as cursor:
            return cursor.rows(name, **values)

    def _run_for(self, name: str, claims: Sequence[Claim], **values: object) -> None:
        if not claims:
            return
        with self._database.transaction() as cursor:
            cursor.run(name, **keys_of(claims), **values)


def _known(row: Row) -> tuple[Enrichment, str]:
    source = row.pop("source")
    lists = {name: tuple(row[name]) for name in ("required_skills", "preferred_skills")}
    return Enrichment(**row | lists), source


def _as_row(reading: Reading) -> Row:
    return vars(reading.enrichment) | {
        "id": reading.claim.id,
        "revision": reading.claim.revision,
        "text_hash": reading.text_hash.hex(),
        "source": reading.source,
    }


def _chosen(choice: EnrichmentChoice) -> Mapping[str, object]:
    ranges = choice.ranges
    return {
        "lows": None if ranges is None else [low for low, _ in ranges],
        "highs": None if ranges is None else [high for _, high in ranges],
    }


def _chunks(ids: Sequence[int]) -> list[list[int]]:
    starts = range(0, len(ids), CHUNK_ROWS)
    return [list(ids[start : start + CHUNK_ROWS]) for start in starts]
