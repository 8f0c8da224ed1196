"""POST /{version}/{phone_id}/messages: what Meta does with a request of the business."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from whatsapp_bot.whatsapp.fake_graph import limits
from whatsapp_bot.whatsapp.fake_graph.chaos import MISHAPS, Fault, Mishap
from whatsapp_bot.whatsapp.fake_graph.errors import UNKNOWN_OBJECT, GraphError
from whatsapp_bot.whatsapp.fake_graph.messages import Message, describe
from whatsapp_bot.whatsapp.fake_graph.network import Network
from whatsapp_bot.whatsapp.fake_graph.people import Person
from whatsapp_bot.whatsapp.fake_graph.templates import FilledTemplate, fill
from whatsapp_bot.whatsapp.fake_graph.updates import new_wamid
from whatsapp_bot.whatsapp.fake_graph.validation import check_message


@dataclass(frozen=True)
class Answer:
    """mishap: what happens to the answer instead of its being given."""

    status: int
    body: Mapping[str, Any]
    mishap: Mishap | None = None


class Sending:
    def __init__(self, network: Network) -> None:
        self._network = network

    def take(self, phone_id: str, authorization: str, body: object) -> Answer:
        """authorization: the header. body: of the request, read as JSON; None where that
        failed."""
        network = self._network
        with network.lock:
            mishap = self._mishap(body)
            if mishap in ("html_502", "lost"):
                network.note(f"messages: {mishap}, not accepted", is_bad=True)
                return Answer(502, {}, mishap)
            try:
                answer = self._taken(phone_id, authorization, body)
            except GraphError as error:
                network.refused.append(error)
                network.note(f"messages: refused, {error.code} {error.title}", True)
                return Answer(error.status, error.as_answer(), mishap)
            if mishap:
                network.note(f"messages: {mishap}, but accepted", is_bad=True)
            return Answer(200, answer, mishap)

    def _taken(
        self, phone_id: str, authorization: str, body: object
    ) -> Mapping[str, Any]:
        self._check_access(phone_id, authorization)
        if not isinstance(body, Mapping):
            raise GraphError(100, "The body must be a JSON object")
        if "status" in body:
            return self._mark_read(body)
        check_message(body)
        filled = None
        if body.get("type") == "template":
            filled = fill(self._network.templates, body["template"])
        person = self._recipient(body)
        error, is_late = self._objection(person, filled)
        if error is not None and not is_late:
            raise error
        return self._accept(body, person, filled, error)

    # --- before it is accepted

    def _check_access(self, phone_id: str, authorization: str) -> None:
        account = self._network.account
        if authorization != f"Bearer {account.token}":
            raise GraphError(190, "Error validating access token")
        if phone_id != account.phone_id:
            raise GraphError(
                100,
                f"Object with ID '{phone_id}' does not exist, cannot be loaded due to "
                "missing permissions, or does not support this operation",
                UNKNOWN_OBJECT,
            )

    def _mark_read(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """A message of a person's and those before it ("will also mark earlier messages
        in the thread as read"); perhaps with the sign that one is being written."""
        network = self._network
        if body.get("messaging_product") != "whatsapp":
            raise GraphError(100, "The parameter messaging_product must be whatsapp")
        message = network.messages.get(str(body.get("message_id")))
        if body["status"] != "read" or message is None or message.by != "person":
            raise GraphError(131009, "Param message_id is not a message of a person's")
        for each in network.chats[message.person]:
            if each.by == "person" and each.at <= message.at:
                network.move(each, "read")
        if "typing_indicator" in body:
            if body["typing_indicator"] != {"type": "text"}:
                raise GraphError(100, "Param typing_indicator['type'] must be text")
            network.show_typing(message.person, limits.TYPING_SECONDS)
        return {"success": True}

    def _recipient(self, body: Mapping[str, Any]) -> Person | None:
        to, recipient = body.get("to"), body.get("recipient")
        wa_id = self._wa_id(to) if isinstance(to, str) else None
        return self._network.find_person(wa_id, recipient)

    def _wa_id(self, to: str) -> str:
        """Its digits. "If the plus sign is omitted, your business phone number's country
        calling code is prepended" (send-messages)."""
        digits = re.sub(r"\D", "", to)
        is_whole = to.strip().startswith("+")
        return digits if is_whole else self._network.account.country_code + digits

    def _objection(
        self, person: Person | None, filled: FilledTemplate | None
    ) -> tuple[GraphError | None, bool]:
        """Why it will not be delivered, and whether that is told by a status only."""
        network = self._network
        error, is_late = self._rule_against(person, filled), False
        if error is None:
            fault = self._next_fault(person, of_requests=False)
            if fault is not None and isinstance(fault.what, int):
                error = GraphError(fault.what, fault.details)
                is_late = fault.is_late
        if error is not None and error.code in network.chaos.late_errors:
            is_late = True
        return error, is_late

    def _rule_against(
        self, person: Person | None, filled: FilledTemplate | None
    ) -> GraphError | None:
        network, now = self._network, self._network.clock.now()
        if not network.throughput.is_open(now):
            return GraphError(130429, "Cloud API message throughput has been reached.")
        if person and not network.pair_rates[person.number].is_open(now):
            return GraphError(
                131056,
                "Too many messages sent from the sender phone number to the same "
                "recipient phone number in a short period of time.",
            )
        if filled is None and not (person and person.is_window_open()):
            return GraphError(
                131047,
                "Message failed to send because more than 24 hours have passed since the "
                "customer last replied to this number.",
            )
        is_marketing = filled and filled.template.category == "marketing"
        if is_marketing and person and not person.takes_marketing:
            return GraphError(131050)
        return None

    # --- what goes wrong on purpose

    def _mishap(self, body: object) -> Mishap | None:
        network = self._network
        person = self._recipient(body) if isinstance(body, Mapping) else None
        # What was set for the next message meets no read mark.
        is_mark = isinstance(body, Mapping) and "status" in body
        fault = None if is_mark else self._next_fault(person, of_requests=True)
        if fault is not None and not isinstance(fault.what, int):
            return fault.what
        for mishap in MISHAPS:
            if network.rng.random() < getattr(network.chaos, mishap):
                return mishap
        return None

    def _next_fault(self, person: Person | None, of_requests: bool) -> Fault | None:
        number = person.number if person else None
        for fault in self._network.faults:
            if isinstance(fault.what, int) == of_requests:
                continue
            if fault.person in (None, number):
                fault.times -= 1
                if not fault.times:
                    self._network.faults.remove(fault)
                return fault
        return None

    # --- accepted

    def _accept(
        self,
        body: Mapping[str, Any],
        person: Person | None,
        filled: FilledTemplate | None,
        error: GraphError | None,
    ) -> Mapping[str, Any]:
        network, now = self._network, self._network.clock.now()
        kind, words, choices, shown = describe(body, filled)
        message = Message(
            id=new_wamid(),
            person=person.number if person else 0,
            by="business",
            at=now,
            kind=kind,
            body=words,
            payload=body,
            callback_data=body.get("biz_opaque_callback_data"),
            category=filled.template.category if filled else "service",
            choices=choices,
            shown=shown,
        )
        network.throughput.take(now)
        if person is not None:
            network.pair_rates[person.number].take(now)
            network.show_typing(person.number, 0)
        if error is None and (person is None or person.has_blocked):
            error = GraphError(131026, "Message undeliverable.")
        if error is None:
            message.price = network.price(message.category, now)
        network.record(message)
        network.note(f"messages: {kind} accepted")
        if error is not None:
            network.fail(message, person, error)
        elif person is not None:
            network.follow(message, person)
        return self._answer(body, message)

    def _answer(self, body: Mapping[str, Any], message: Message) -> Mapping[str, Any]:
        if "to" in body:
            to = {"input": body["to"], "wa_id": self._wa_id(body["to"])}
        else:
            to = {"input": body["recipient"], "user_id": body["recipient"]}
        told = {"id": message.id}
        if message.kind == "template":
            told["message_status"] = "accepted"
        return {"messaging_product": "whatsapp", "contacts": [to], "messages": [told]}
