"""A person with her phone: what she sees, and all that she can do with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from whatsapp_bot.whatsapp.fake_graph import limits
from whatsapp_bot.whatsapp.fake_graph.messages import Message
from whatsapp_bot.whatsapp.fake_graph.updates import (
    SAMPLES,
    UNSUPPORTED_ERROR,
    Update,
    new_bsuid,
    new_wamid,
)

if TYPE_CHECKING:
    from whatsapp_bot.whatsapp.fake_graph.network import Network

PhoneState = Literal["open", "on", "off"]


class Person:
    """phone_is: "open" at our chat, so that what comes is read; "on", so that it is
    delivered; or "off". last_wrote_at: None if never; opens the 24-hour window."""

    def __init__(
        self,
        network: Network,
        number: int,
        name: str,
        phone: str,
        bsuid: str,
        hides_phone: bool,
    ) -> None:
        self._network = network
        self.number, self.name = number, name
        self.phone, self.bsuid, self.hides_phone = phone, bsuid, hides_phone
        self.phone_is: PhoneState = "open"
        self.takes_marketing = True
        self.has_blocked = False
        self.last_wrote_at: float | None = None
        self.typing_until = 0.0  # the business shows her that it is writing

    # --- what she does; each gives the id of the message

    def write(self, text: str) -> str:
        return self._send("text", {"text": {"body": text}}, text)

    def press(self, choice: str, message_id: str | None = None) -> str:
        """A button or a row, by its id; of the newest message that has it, or of this one.
        Raises LookupError."""
        message = self._message_with(choice, message_id)
        title = message.choices[choice]
        kind, content = _reply(message, choice, title)
        context = {"from": self._network.account.number, "id": message.id}
        return self._send(kind, {"context": context, **content}, title)

    def fill(self, fields: Mapping[str, Any]) -> str:
        """A form (flow), and send it."""
        form = {
            "name": "flow",
            "body": "Sent",
            "response_json": json.dumps(fields),
        }
        content = {"interactive": {"type": "nfm_reply", "nfm_reply": form}}
        return self._send("interactive", content, "Form sent")

    def send(self, kind: str, **content: Any) -> str:
        """Something else than words: a sticker, location, audio, image, video, document,
        reaction, or what Meta calls unsupported. Raises ValueError."""
        if kind not in SAMPLES:
            raise ValueError(f"kind must be one of {', '.join(SAMPLES)}")
        told: dict[str, Any] = {kind: {**SAMPLES[kind], **content}}
        if kind == "unsupported":
            told["errors"] = [UNSUPPORTED_ERROR]
        return self._send(kind, told, f"[{kind}]")

    def set_marketing(self, value: Literal["stop", "resume"]) -> None:
        """Marketing messages of this business, in WhatsApp's own menu."""
        with self._network.lock:
            self.takes_marketing = value == "resume"
            now = self._network.clock.now()
        preference = {
            **({} if self.hides_phone else {"wa_id": self.phone}),
            "user_id": self.bsuid,
            "detail": f"User requested to {value} marketing messages",
            "category": "marketing_messages",
            "value": value,
            "timestamp": int(now),
        }
        told = {"contacts": [self.contact()], "user_preferences": [preference]}
        what = f"marketing {value}"
        self._network.announce(
            Update(told, now, what, field="user_preferences", person=self.number)
        )
        self._changed()

    def change_number(self, phone: str) -> str:
        """As when she moves to a new number: her BSUID is another one too, and the old
        number reaches nobody. Which of the ids Meta tells beside `wa_id` is a guess."""
        with self._network.lock:
            old_sender, old_phone, old_bsuid = self.sender(), self.phone, self.bsuid
            self.phone, self.bsuid = phone.removeprefix("+"), new_bsuid()
            self._network.index(self, old_phone, old_bsuid)
            now = self._network.clock.now()
        system = {
            "type": "user_changed_number",
            "body": f"User {self.name} changed from {old_phone} to {self.phone}",
            "wa_id": self.phone,
            "user_id": self.bsuid,
        }
        id_ = new_wamid()
        message = {
            **old_sender,
            "id": id_,
            "timestamp": str(int(now)),
            "type": "system",
            "system": system,
        }
        self._network.announce(
            Update({"messages": [message]}, now, "system", person=self.number)
        )
        self._changed()
        return id_

    def set_phone(self, state: PhoneState) -> None:
        """What waited for it is delivered, or read."""
        with self._network.lock:
            self.phone_is = state
            for message in self.received():
                if message.promised in ("sent", "delivered"):
                    self._network.reach(message, self)
        self._changed()

    def block(self, has_blocked: bool = True) -> None:
        """The business: its messages then fail, with no word of the reason."""
        with self._network.lock:
            self.has_blocked = has_blocked
        self._changed()

    # --- what she sees

    def received(self) -> list[Message]:
        """What the business sent her and Meta accepted, in that order."""
        with self._network.lock:
            chat = self._network.chats[self.number]
            return [message for message in chat if message.by == "business"]

    def sent(self) -> list[Message]:
        with self._network.lock:
            chat = self._network.chats[self.number]
            return [message for message in chat if message.by == "person"]

    def is_window_open(self) -> bool:
        age = self._network.clock.now() - (self.last_wrote_at or 0)
        return self.last_wrote_at is not None and age < limits.WINDOW_SECONDS

    def as_json(self) -> dict[str, Any]:
        """For the page."""
        return {
            "number": self.number,
            "name": self.name,
            "phone": self.phone,
            "bsuid": self.bsuid,
            "hides_phone": self.hides_phone,
            "phone_is": self.phone_is,
            "takes_marketing": self.takes_marketing,
            "has_blocked": self.has_blocked,
            "last_wrote_at": self.last_wrote_at,
            "typing_until": self.typing_until,
        }

    # --- how updates name her

    def contact(self) -> dict[str, Any]:
        profile = {"name": self.name}
        if self.hides_phone:
            profile["username"] = f"{self.name.lower().replace(' ', '')}{self.number}"
            return {"profile": profile, "user_id": self.bsuid}
        return {"profile": profile, "wa_id": self.phone, "user_id": self.bsuid}

    def sender(self) -> dict[str, str]:
        phone = {} if self.hides_phone else {"from": self.phone}
        return {**phone, "from_user_id": self.bsuid}

    # ---

    def _send(self, kind: str, content: Mapping[str, Any], words: str) -> str:
        network = self._network
        with network.lock:
            now = network.clock.now()
            told = {
                **self.sender(),
                "id": new_wamid(),
                "timestamp": str(int(now)),
                "type": kind,
                **content,
            }
            message = Message(
                id=told["id"],
                person=self.number,
                by="person",
                at=now,
                kind=kind,
                body=words,
                payload=told,
                status="sent",
                shown={"reply_to": told["context"]["id"]} if "context" in told else {},
            )
            self.last_wrote_at = now
            network.throughput.take(now)
            network.record(message)
            self._changed()
        network.announce(
            Update(
                {"contacts": [self.contact()], "messages": [told]},
                now,
                kind,
                person=self.number,
                on_posted=lambda: network.move(message, "delivered"),
            )
        )
        return message.id

    def _message_with(self, choice: str, message_id: str | None) -> Message:
        for message in reversed(self.received()):
            if choice in message.choices and message_id in (None, message.id):
                return message
        raise LookupError(f"no message to {self.name} has {choice!r} to press")

    def _changed(self) -> None:
        self._network.tell({"person": self.as_json()})


def _reply(message: Message, choice: str, title: str) -> tuple[str, dict[str, Any]]:
    """The type and content of what pressing it sends."""
    if message.kind == "template":
        return "button", {"button": {"payload": choice, "text": title}}
    reply = {"id": choice, "title": title}
    if message.kind == "buttons":
        pressed = {"type": "button_reply", "button_reply": reply}
        return "interactive", {"interactive": pressed}
    rows = [
        row
        for section in message.shown["sections"]
        for row in section["rows"]
        if row["id"] == choice and row.get("description")
    ]
    if rows:
        reply["description"] = rows[0]["description"]
    return "interactive", {"interactive": {"type": "list_reply", "list_reply": reply}}
