"""A bot that answers through the Graph API: with a list to "jobs", with buttons to
"buttons", with a link to "link", and with their own words to all else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx2

from tests.loopback.webhook_receiver import Body, updates_of
from whatsapp_bot.whatsapp.fake_graph import Account


class EchoBot:
    """answer: for a WebhookReceiver. base_url is set once the fake runs."""

    def __init__(self, account: Account, jobs: list[dict[str, str]]) -> None:
        self.base_url = ""
        self._jobs = jobs
        self._path = f"/v25.0/{account.phone_id}/messages"
        self._client = httpx2.Client(
            headers={"authorization": f"Bearer {account.token}"}
        )

    def close(self) -> None:
        self._client.close()

    def answer(self, body: Body) -> int:
        for kind, update in updates_of(body):
            if kind == "messages":
                self._reply(update)
        return 200

    def _reply(self, message: Mapping[str, Any]) -> None:
        self.post(
            {
                "status": "read",
                "message_id": message["id"],
                "typing_indicator": {"type": "text"},
            }
        )
        for content in self._contents(_words_of(message)):
            self.post({"recipient": message["from_user_id"], **content})

    def post(self, body: Mapping[str, Any]) -> None:
        whole = {"messaging_product": "whatsapp", **body}
        self._client.post(self.base_url + self._path, json=whole).raise_for_status()

    def _contents(self, words: str) -> list[dict[str, Any]]:
        if words == "jobs":
            return [_list("*3 jobs* for a driver in _Ikeja_", "See jobs", self._jobs)]
        if words == "buttons":
            return [_buttons("Is this right?", ["Yes", "Change it"])]
        if words == "link":
            return [
                _link("Apply before Friday.", "Apply", "https://example.com/?job=7")
            ]
        return [{"type": "text", "text": {"body": f"You said: {words}"}}]


def _words_of(message: Mapping[str, Any]) -> str:
    if message["type"] == "text":
        return str(message["text"]["body"])
    if message["type"] == "interactive":
        reply = message["interactive"]
        return str(reply[reply["type"]].get("id", "form"))
    return f"a {message['type']}"


def _interactive(kind: str, text: str, action: dict[str, Any]) -> dict[str, Any]:
    content = {"type": kind, "body": {"text": text}, "action": action}
    return {"type": "interactive", "interactive": content}


def _list(text: str, button: str, rows: list[dict[str, str]]) -> dict[str, Any]:
    action = {"button": button, "sections": [{"title": "Newest first", "rows": rows}]}
    return _interactive("list", text, action)


def _buttons(text: str, titles: list[str]) -> dict[str, Any]:
    buttons = [
        {"type": "reply", "reply": {"id": f"press:{title}", "title": title}}
        for title in titles
    ]
    return _interactive("button", text, {"buttons": buttons})


def _link(text: str, label: str, url: str) -> dict[str, Any]:
    action = {"name": "cta_url", "parameters": {"display_text": label, "url": url}}
    return _interactive("cta_url", text, action)
