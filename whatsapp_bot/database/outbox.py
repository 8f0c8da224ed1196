"""Rows of outbox: what is to be sent, what became of it, and how fast that may go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from whatsapp_bot.database.database_manager import Cursor, DatabaseManager, as_json
from whatsapp_bot.records import Row

OutboxKind = Literal["reply", "alert"]


@dataclass(frozen=True)
class ClaimedOutgoing:
    """claims: tells this try from others. user_id None: her data is gone."""

    id: int
    claims: int
    attempts: int  # that failed by the message's own fault, before this one
    user_id: int | None
    wa_id: str | None
    bsuid: str | None
    message: dict[str, Any]
    is_template: bool


@dataclass(frozen=True)
class SendingRules:
    """Of one number. dollars: what a message may cost; the budget is that of alerts and
    templates of a day, None: no limit. resend_seconds: without a word of Meta, a message
    that may have arrived is sent again."""

    phone_number_id: str
    messages_per_second: float
    resend_seconds: float
    template_dollars: float
    other_dollars: float
    daily_budget: float | None


class OutboxStore:
    def __init__(self, database: DatabaseManager, rules: SendingRules) -> None:
        self._database = database
        self._rules = rules

    # --- what is to be sent

    def add(
        self,
        cursor: Cursor,
        user_id: int,
        payloads: Sequence[Row],
        *,
        kind: OutboxKind,
        inbox_id: int | None,
        key: str | None,
        is_last_word: bool,
    ) -> int:
        """How many were added: none for someone who asked to stop, or whose key is there."""
        cursor.run("wake_whatsapp")
        return sum(
            cursor.run(
                "add_outgoing",
                user_id=user_id,
                message=as_json(payload),
                is_template=payload["type"] == "template",
                kind=kind,
                inbox_id=inbox_id,
                position=position if inbox_id is not None else None,
                key=f"{key}/{position}" if key is not None else None,
                is_last_word=is_last_word,
            )
            for position, payload in enumerate(payloads)
        )

    def add_farewell(
        self, cursor: Cursor, address: Row, payloads: Sequence[Row], inbox_id: int
    ) -> None:
        """To someone whose data is gone: only the address is kept, until it is sent.
        address: of InboxStore.release_person."""
        cursor.run("wake_whatsapp")
        for position, payload in enumerate(payloads):
            cursor.run(
                "add_farewell",
                **address,
                message=as_json(payload),
                is_template=payload["type"] == "template",
                inbox_id=inbox_id,
                position=position,
            )

    def has_room(self, cursor: Cursor, template: str | None) -> bool:
        """Whether an alert would go out now: nothing holds back alerts, nor the template
        of that name (None: it is none), and today's budget allows one more, those that
        wait included. The next who asks waits for the end of this transaction."""
        rules = self._rules
        row = cursor.row(
            "has_room_for_alert",
            number=rules.phone_number_id,
            template=template,
            budget=rules.daily_budget,
            template_price=rules.template_dollars,
            other_price=rules.other_dollars,
        )
        return bool(row and row["has_room"])

    # --- sending

    def claim(self) -> ClaimedOutgoing | float | None:
        """The next message that may go; or for how many seconds the number must rest;
        None: nothing is due."""
        rules = self._rules
        with self._database.autocommit() as cursor:
            row = cursor.row(
                "claim_outgoing",
                number=rules.phone_number_id,
                per_second=rules.messages_per_second,
                resend_seconds=rules.resend_seconds,
                template_price=rules.template_dollars,
                other_price=rules.other_dollars,
                daily_budget=rules.daily_budget,
            )
        if row is None:
            return None
        wait_seconds = row.pop("wait_seconds")
        return ClaimedOutgoing(**row) if wait_seconds is None else float(wait_seconds)

    def accept(self, claimed: ClaimedOutgoing, wamid: str) -> None:
        """Meta took it; how it goes on is told by statuses. One may have come already."""
        with self._database.autocommit() as cursor:
            cursor.run(
                "accept_outgoing",
                id=claimed.id,
                claims=claimed.claims,
                user_id=claimed.user_id,
                wamid=wamid,
                number=self._rules.phone_number_id,
            )

    def doubt(self, claimed: ClaimedOutgoing, error: str) -> None:
        """It may have arrived: a status tells, or it is sent again after a while."""
        with self._database.autocommit() as cursor:
            cursor.run(
                "doubt_outgoing", id=claimed.id, claims=claimed.claims, error=error
            )

    def wait(
        self, cursor: Cursor, claimed: ClaimedOutgoing, seconds: float, error: str
    ) -> None:
        """It waits; this is not its fault."""
        self._put_off(cursor, claimed, seconds, error, attempts=0)

    def retry(
        self, cursor: Cursor, claimed: ClaimedOutgoing, seconds: float, error: str
    ) -> None:
        self._put_off(cursor, claimed, seconds, error, attempts=1)

    def park(self, cursor: Cursor, claimed: ClaimedOutgoing, error: str) -> None:
        """Until she writes."""
        self._end(cursor, claimed, "parked", error)

    def give_up(self, cursor: Cursor, claimed: ClaimedOutgoing, error: str) -> None:
        self._end(cursor, claimed, "failed", error)

    def _put_off(
        self,
        cursor: Cursor,
        claimed: ClaimedOutgoing,
        seconds: float,
        error: str,
        attempts: int,
    ) -> None:
        cursor.run(
            "put_off_outgoing",
            id=claimed.id,
            claims=claimed.claims,
            seconds=seconds,
            error=error,
            attempts=attempts,
        )

    def _end(
        self, cursor: Cursor, claimed: ClaimedOutgoing, state: str, error: str
    ) -> None:
        cursor.run("release_money", id=claimed.id)
        cursor.run(
            "end_outgoing",
            id=claimed.id,
            claims=claimed.claims,
            state=state,
            error=error,
        )
        cursor.run("delete_ended_farewell", id=claimed.id)

    # --- statuses

    def find_for_status(
        self, cursor: Cursor, wamid: str, ours: int | None
    ) -> Row | None:
        """id, claims, attempts, user_id, message, is_template, state and is_dead (this
        try was given up before), locked; None: no such message (any more)."""
        return cursor.row("find_outgoing_for_status", wamid=wamid, id=ours)

    def set_state(self, cursor: Cursor, id_: int, state: str, wamid: str) -> None:
        cursor.run("set_outgoing_state", id=id_, state=state, wamid=wamid)

    def bury(self, cursor: Cursor, id_: int, wamid: str) -> None:
        """This try failed after all: no later word on it counts, and it is ours again."""
        cursor.run("bury_try", id=id_, wamid=wamid)

    def set_price(
        self, cursor: Cursor, id_: int, category: str, dollars: float
    ) -> None:
        cursor.run("price_message", id=id_, category=category, dollars=dollars)
