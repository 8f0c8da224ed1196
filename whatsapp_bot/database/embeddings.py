"""Rows of job_embeddings and user_embeddings: claim, store, give back, keep true."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt

from whatsapp_bot.database import binary_copy
from whatsapp_bot.database.claims import claims_of, in_order, keys_of, refusal_of
from whatsapp_bot.database.database_manager import DatabaseManager
from whatsapp_bot.database.queries import query
from whatsapp_bot.records import THINGS, Claim, EmbeddingFacts, Row, Thing


class EmbeddingStore:
    """The embeddings of one kind of thing under one model.

    Whatever writes is guarded by the revision that was claimed: where the row changed
    meanwhile, it does nothing.
    """

    def __init__(self, database: DatabaseManager, thing: Thing, model: str) -> None:
        self._database = database
        self.thing = thing
        self.model = model

    def claim_due(self, limit: int, lease_seconds: float) -> list[Claim]:
        """Lease up to `limit` due rows, newest first; other workers pass them by."""
        with self._database.transaction() as cursor:
            rows = cursor.rows(
                f"claim_due_{self.thing}s",
                model=self.model,
                limit=limit,
                lease_seconds=lease_seconds,
            )
        return claims_of(rows)

    def claim_anew(
        self, before: datetime, limit: int, lease_seconds: float
    ) -> list[Claim]:
        """Lease up to `limit` rows, due or not, to be embedded again: those first that
        were looked at longest ago, and none twice since `before`."""
        with self._database.transaction() as cursor:
            rows = cursor.rows(
                f"claim_{self.thing}s_anew",
                model=self.model,
                before=before,
                limit=limit,
                lease_seconds=lease_seconds,
            )
        return claims_of(rows)

    def claim(self, thing_id: int, lease_seconds: float) -> list[Claim]:
        """Lease one row; empty when it is not due, or another worker has it."""
        with self._database.transaction() as cursor:
            rows = cursor.rows(
                f"claim_{self.thing}",
                model=self.model,
                id=thing_id,
                lease_seconds=lease_seconds,
            )
        return claims_of(rows)

    def read_things(self, ids: Sequence[int]) -> dict[int, Row]:
        """What the text templates read, by id. To be called after the claim, in a
        transaction of its own: see claim_due in queries.sql."""
        with self._database.transaction() as cursor:
            rows = cursor.rows(f"read_{self.thing}s_to_embed", ids=list(ids))
        return {row["id"]: row for row in rows}

    def store(
        self,
        claims: Sequence[Claim],
        text_hashes: Mapping[int, bytes],
        vectors: npt.NDArray[np.float32],
    ) -> int:
        """Write vector i for claim i and clear its due_at; how many were written."""
        if not claims:
            return 0
        # In order of id, as the other writers lock: two that cross would deadlock.
        order = sorted(range(len(claims)), key=lambda i: claims[i].id)
        data = io.BytesIO(_binary_copy(claims, text_hashes, vectors, order))
        with self._database.transaction() as cursor:
            cursor.run("create_incoming_vectors")
            cursor.raw.copy_expert(query("copy_incoming_vectors"), data)
            if self.thing == "job" and any(claim.has_vector for claim in claims):
                cursor.run("keep_replaced_vectors", model=self.model)
            return cursor.run(f"store_{self.thing}_vectors", model=self.model)

    def reuse(
        self, claims: Sequence[Claim], text_hashes: Mapping[int, bytes]
    ) -> set[int]:
        """Give each the vector of its text where any row or the cache has it; the ids
        of those that are done."""
        if not claims:
            return set()
        with self._database.transaction() as cursor:
            rows = cursor.rows(
                f"reuse_{self.thing}_vectors",
                model=self.model,
                **keys_of(claims),
                text_hashes=[text_hashes[claim.id] for claim in in_order(claims)],
            )
        return {row["id"] for row in rows}

    def confirm(self, claims: Sequence[Claim]) -> None:
        """The text is still the one that was embedded."""
        self._run_for("confirm_{}_vectors", claims)

    def clear(self, claims: Sequence[Claim]) -> None:
        """There is nothing to embed; a vector that was there goes."""
        self._run_for("clear_{}_vectors", claims)

    def give_back(self, claims: Sequence[Claim], delay_seconds: float) -> None:
        """Due again after the delay; it counts as no attempt."""
        self._run_for("give_back_{}s", claims, delay_seconds=delay_seconds)

    def set_aside(self, claim: Claim, error: str, max_attempts: int) -> None:
        """This row's text is refused: try later, and at last let it rest."""
        with self._database.transaction() as cursor:
            cursor.run(
                f"set_aside_{self.thing}",
                model=self.model,
                **refusal_of(claim, error, max_attempts),
            )

    def facts(self) -> EmbeddingFacts:
        with self._database.transaction() as cursor:
            values: Row = {}
            for name in (
                f"{self.thing}_embedding_facts",
                f"count_{self.thing}s_without_row",
                f"count_invalid_{self.thing}_vectors",
                f"count_lost_{self.thing}_vectors",
            ):
                values |= cursor.row(name, model=self.model) or {}
        return EmbeddingFacts(**values)

    def quick_facts(self) -> EmbeddingFacts:
        """Without what takes reading every vector: missing, lost and invalid are 0."""
        with self._database.transaction() as cursor:
            values = cursor.row(f"{self.thing}_embedding_facts", model=self.model)
        return EmbeddingFacts(**(values or {}))

    def failures(
        self, limit: int, after: int = 0, ids: Sequence[int] | None = None
    ) -> list[Row]:
        """id, attempts, last_error, given_up of rows with an error, by id: of those
        after `after`, and of `ids` only where they are given."""
        with self._database.transaction() as cursor:
            return cursor.rows(
                f"{self.thing}_failures",
                model=self.model,
                limit=limit,
                after=after,
                ids=None if ids is None else list(ids),
            )

    def failure_kinds(self) -> dict[str, int]:
        """How many rows with an error, by its kind."""
        with self._database.transaction() as cursor:
            rows = cursor.rows(f"{self.thing}_failure_kinds", model=self.model)
        return {row["kind"]: row["count"] for row in rows}

    def _run_for(self, name: str, claims: Sequence[Claim], **values: object) -> None:
        if not claims:
            return
        with self._database.transaction() as cursor:
            cursor.run(
                name.format(self.thing), model=self.model, **keys_of(claims), **values
            )


class EmbeddingUpkeep:
    """What keeps the embeddings rows true whoever writes: across models."""

    def __init__(self, database: DatabaseManager) -> None:
        self._database = database

    def expire_jobs(self) -> int:
        """Take jobs that closed or aged out of the live set."""
        # Not in one: whoever saves a job locks the two tables in the other order.
        with self._database.transaction() as cursor:
            cursor.run("unlist_ended_jobs")
        with self._database.transaction() as cursor:
            return cursor.run("expire_jobs")

    def refresh_stale(self, thing: Thing, days: int) -> int:
        """Make due what nobody looked at for `days`."""
        with self._database.transaction() as cursor:
            return cursor.run(f"refresh_stale_{thing}s", days=days)

    def follow_template(self, model: str, template: str) -> bool:
        """Whether it was another one: then every text of the model has changed, and all
        its rows are due."""
        # In one: else who dies between the two leaves vectors of the old texts.
        with self._database.transaction() as cursor:
            if not cursor.run("set_model_template", name=model, template=template):
                return False
            for thing in THINGS:
                cursor.run(f"refresh_all_{thing}s", model=model)
            return True

    def retry_failed(self, thing: Thing, ids: Sequence[int] | None = None) -> int:
        """Make rows with an error due, of `ids` only where they are given."""
        with self._database.transaction() as cursor:
            return cursor.run(
                f"retry_failed_{thing}s", ids=None if ids is None else list(ids)
            )

    def reconcile(self, thing: Thing) -> int:
        """Find gaps that no trigger told of; how many were made due again."""
        if thing == "job":
            with self._database.transaction() as cursor:
                cursor.run("list_missing_jobs")
        with self._database.transaction() as cursor:
            added = cursor.run(f"add_missing_{thing}s")
            cursor.run(f"delete_invalid_{thing}_vectors")
            return added + cursor.run(f"mark_lost_{thing}_vectors")

    def seconds_to_next_due(self, models: Sequence[str]) -> float | None:
        """0: now. None: never, as things stand."""
        with self._database.transaction() as cursor:
            row = cursor.row("seconds_to_next_due", models=list(models))
        return None if row is None else row["seconds"]

    def server_versions(self) -> Row:
        """server, pgvector"""
        with self._database.transaction() as cursor:
            return cursor.row("server_facts") or {}

    def trim_cache(self, rows: int) -> int:
        """Keep so many of the newest cached vectors."""
        with self._database.transaction() as cursor:
            return cursor.run("trim_cache", rows=rows)

    def forget_denials(self) -> None:
        """A process that starts may have another key, or another budget."""
        with self._database.transaction() as cursor:
            cursor.run("forget_denials")


def _binary_copy(
    claims: Sequence[Claim],
    text_hashes: Mapping[int, bytes],
    vectors: npt.NDArray[np.float32],
    order: Sequence[int],
) -> bytes:
    """COPY's binary format: some fifty times quicker than vectors as text. All rows as
    one array of one structure: numpy lets go of the interpreter for each operation, so
    one for each row would hand it over to the other threads as often."""
    dimensions = vectors.shape[1]
    ordered = [claims[i] for i in order]
    hashes = [text_hashes[claim.id] for claim in ordered]
    hash_bytes = len(hashes[0])  # one algorithm, one length
    columns = {"id": ">i8", "revision": ">i8", "hash": f"V{hash_bytes}"}
    rows = np.empty(len(ordered), binary_copy.row_type(columns, dimensions))
    rows["columns"], rows["id_size"], rows["revision_size"] = 4, 8, 8
    rows["hash_size"], rows["vector_size"] = hash_bytes, 4 + 2 * dimensions
    rows["id"] = [claim.id for claim in ordered]
    rows["revision"] = [claim.revision for claim in ordered]
    rows["hash"] = np.frombuffer(b"".join(hashes), f"V{hash_bytes}")
    rows["dimensions"], rows["unused"] = dimensions, 0
    rows["vector"] = vectors[order]
    return b"".join((binary_copy.HEADER, rows.data, binary_copy.END))
