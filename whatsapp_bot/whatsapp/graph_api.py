"""The one place that talks to Meta's Graph API."""

from __future__ import annotations

from typing import Any

import httpx2

from whatsapp_bot.errors import MaybeSent, NotSent, SendRefused
from whatsapp_bot.whatsapp.payloads import Payload, read_mark
from whatsapp_bot.whatsapp.webhook import whole_number

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 20.0
# Idle connections are closed before a server would do so just when one is used again: then
# nobody knows whether the message arrived.
IDLE_SECONDS = 10.0
MARK_TIMEOUT = httpx2.Timeout(5.0)
NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


class GraphApi:
    """Safe to share among threads."""

    def __init__(
        self,
        base_url: str,
        version: str,
        phone_number_id: str,
        token: str,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._url = f"{base_url.rstrip('/')}/{version}/{phone_number_id}/messages"
        self._timeout = httpx2.Timeout(answer_seconds, connect=CONNECT_SECONDS)
        self._client = httpx2.Client(
            headers={"Authorization": f"Bearer {token}"},
            timeout=self._timeout,
            limits=httpx2.Limits(keepalive_expiry=IDLE_SECONDS),
        )

    def send(self, payload: Payload) -> str:
        """The wamid. Raises NotSent, MaybeSent or SendRefused; what they
        say names nobody."""
        return _wamid(self._post(payload, self._timeout))

    def mark_read(self, wamid: str, *, is_typing: bool) -> None:
        """A message of hers, and those before it; is_typing: and she sees that an answer
        is being written. Raises as send does."""
        self._post(read_mark(wamid, is_typing), MARK_TIMEOUT)

    def _post(self, payload: Payload, timeout: httpx2.Timeout) -> dict[str, Any]:
        try:
            answer = self._client.post(self._url, json=payload, timeout=timeout)
        except NEVER_SENT as error:
            raise NotSent(f"no connection ({type(error).__name__})") from None
        except httpx2.HTTPError as error:
            raise MaybeSent(f"no answer ({type(error).__name__})") from None
        body = _json(answer)
        refusal = body.get("error")
        if isinstance(refusal, dict):
            raise _refused(refusal, answer.status_code)
        if answer.is_success:
            return body
        if answer.status_code >= 500:
            # A gateway's page: whoever stands behind it may have done the work.
            raise MaybeSent(f"HTTP {answer.status_code} without Meta's error")
        raise SendRefused(None, None, answer.status_code)

    def close(self) -> None:
        self._client.close()


def _wamid(body: dict[str, Any]) -> str:
    try:
        wamid = body["messages"][0]["id"]
    except (KeyError, IndexError, TypeError):
        wamid = None
    if not isinstance(wamid, str) or not wamid:
        raise MaybeSent("an answer without the message's id")
    return wamid


def _refused(error: dict[str, Any], http_status: int) -> SendRefused:
    data = error.get("error_data")
    details = data.get("details") if isinstance(data, dict) else None
    said = str(details or error.get("message") or "")[:300]
    code, subcode = (
        whole_number(error.get(name)) for name in ("code", "error_subcode")
    )
    return SendRefused(code, subcode, http_status, said)


def _json(answer: httpx2.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}
