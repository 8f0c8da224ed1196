"""What is with a provider's Batch API, and which rows wait for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from whatsapp_bot.database.claims import in_order, keys_of, refusal_of
from whatsapp_bot.database.database_manager import Cursor, DatabaseManager
from whatsapp_bot.records import THINGS, Batch, Claim, Thing

PURPOSE = "batch"  # in the ledger


class BatchStore:
    """The batches of one model.

    A batch is held by the process that works on it; whoever finds it after that time
    takes it up. Ending it, giving back what is left of its rows and settling its money
    are one transaction.
    """

    def __init__(self, database: DatabaseManager, model: str) -> None:
        self._database = database
        self._model = model

    def create(self, hold_seconds: float) -> tuple[int, str]:
        """The id of a new one, and the token that the provider is to be told."""
        with self._database.transaction() as cursor:
            row = cursor.row(
                "create_batch", model=self._model, hold_seconds=hold_seconds
            )
        assert row is not None
        return row["id"], row["token"]

    def add(
        self,
        batch_id: int,
        thing: Thing,
        claims: Sequence[Claim],
        text_hashes: Mapping[int, bytes],
        lease_seconds: float,
    ) -> set[int]:
        """Let the rows wait for this batch, or for a submitted one that carries their
        text; the ids of those whose text this one has to carry."""
        if not claims:
            return set()
        with self._database.transaction() as cursor:
            submitted = cursor.rows("share_submitted_batches", model=self._model)
            rows = cursor.rows(
                f"add_batch_{thing}s",
                model=self._model,
                batch_id=batch_id,
                submitted=[row["id"] for row in submitted],
                **keys_of(claims),
                text_hashes=[text_hashes[claim.id] for claim in in_order(claims)],
                lease_seconds=lease_seconds,
            )
        return {row["id"] for row in rows if row["batch_id"] == batch_id}

    def reserve(self, batch_id: int, dollars: float, daily_budget: float) -> bool:
        """Count what it may cost; False when that would pass the day's budget."""
        with self._database.transaction() as cursor:
            row = cursor.row(
                "reserve_money",
                model=self._model,
                purpose=PURPOSE,
                dollars=dollars,
                daily_budget=daily_budget,
            )
            granted = bool(row and row["granted"])
            if granted:
                cursor.run("reserve_for_batch", id=batch_id, dollars=dollars)
        return granted

    def hold(self, batch_id: int, state: str, hold_seconds: float) -> bool:
        """For longer; False when another process took it up and ended it."""
        with self._database.transaction() as cursor:
            return bool(
                cursor.run(
                    "hold_batch", id=batch_id, state=state, hold_seconds=hold_seconds
                )
            )

    def release(self, batch_id: int) -> None:
        """To be looked at again at any time."""
        with self._database.transaction() as cursor:
            cursor.run("release_batch", id=batch_id)

    def submit(self, batch_id: int, provider_id: str) -> bool:
        """It is with the provider; False when it was given up meanwhile."""
        with self._database.transaction() as cursor:
            return bool(
                cursor.run("submit_batch", id=batch_id, provider_id=provider_id)
            )

    def take_open(self, after: int, hold_seconds: float) -> Batch | None:
        """The next open batch, by id, that nobody holds."""
        with self._database.transaction() as cursor:
            row = cursor.row(
                "take_open_batch",
                model=self._model,
                after=after,
                hold_seconds=hold_seconds,
            )
        return Batch(**row) if row else None

    def renew_leases(
        self, batch_id: int, lease_seconds: float, left_seconds: float
    ) -> None:
        """Of rows whose lease would run out within left_seconds."""
        with self._database.transaction() as cursor:
            for thing in THINGS:
                cursor.run(
                    f"renew_batch_{thing}s",
                    id=batch_id,
                    model=self._model,
                    lease_seconds=lease_seconds,
                    left_seconds=left_seconds,
                )

    def find_rows(
        self, batch_id: int, text_hashes: Sequence[bytes]
    ) -> list[tuple[Thing, Claim]]:
        """The rows that wait for these texts; text_hash of a claim is the text's."""
        with self._database.transaction() as cursor:
            rows = cursor.rows(
                "find_batch_rows", id=batch_id, text_hashes=list(text_hashes)
            )
        return [
            (
                row["thing"],
                Claim(row["id"], row["revision"], bytes(row["text_hash"]), False),
            )
            for row in rows
        ]

    def settle(self, batch_id: int, thing: Thing, claims: Sequence[Claim]) -> None:
        """Their vectors are stored: they wait for it no longer."""
        with self._database.transaction() as cursor:
            _delete(cursor, batch_id, thing, claims)

    def set_aside(
        self, batch_id: int, thing: Thing, claim: Claim, error: str, max_attempts: int
    ) -> bool:
        """The row's text is refused. In one transaction, so that an attempt is counted
        once; False when it was before."""
        with self._database.transaction() as cursor:
            if not _delete(cursor, batch_id, thing, [claim]):
                return False
            cursor.run(
                f"set_aside_{thing}",
                model=self._model,
                **refusal_of(claim, error, max_attempts),
            )
        return True

    def finish(
        self,
        batch_id: int,
        error: str | None = None,
        *,
        texts: int = 0,
        tokens: int = 0,
        dollars: float = 0.0,
    ) -> int:
        """It is over: what still waits for it is due now, what it did not cost is given
        back to the budget. How many rows were given back; 0 also when it was ended
        before."""
        with self._database.transaction() as cursor:
            ended = cursor.row(
                "finish_batch",
                id=batch_id,
                state="failed" if error else "done",
                error=error and error.replace("\0", ""),
                tokens=tokens,
                dollars=dollars,
            )
            if ended is None:
                return 0
            if ended["reserved"] or tokens:
                cursor.run(
                    "add_batch_usage",
                    day=ended["day"],
                    model=self._model,
                    purpose=PURPOSE,
                    texts=texts,
                    tokens=tokens,
                    dollars=dollars - ended["reserved"],
                )
            return self._give_back(cursor, batch_id)

    def _give_back(self, cursor: Cursor, batch_id: int) -> int:
        count = 0
        for thing in THINGS:
            count += cursor.run(
                f"give_back_batch_{thing}s", id=batch_id, model=self._model
            )
        cursor.run("delete_all_batch_rows", id=batch_id)
        if count:
            cursor.run("wake_workers")
        return count


class BatchList:
    """The batches of all models, to look at."""

    def __init__(self, database: DatabaseManager) -> None:
        self._database = database

    def newest(self, limit: int) -> list[Batch]:
        with self._database.transaction() as cursor:
            rows = cursor.rows("list_batches", limit=limit)
        return [Batch(**row) for row in rows]

    def count_open(self) -> int:
        with self._database.transaction() as cursor:
            row = cursor.row("count_open_batches")
        return row["count"] if row else 0


def _delete(
    cursor: Cursor, batch_id: int, thing: Thing, claims: Sequence[Claim]
) -> int:
    return cursor.run(
        "delete_batch_rows",
        id=batch_id,
        thing=thing,
        **keys_of(claims),
    )
