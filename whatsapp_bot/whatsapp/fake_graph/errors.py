"""Meta's error codes, and how the Graph API says them."""

from __future__ import annotations

import secrets
from typing import Any

DOCUMENTATION = "/documentation/business-messaging/whatsapp/support/error-codes"
# By code: HTTP status and title, as on Meta's page of error codes.
TITLES: dict[int, tuple[int, str]] = {
    0: (401, "AuthException"),
    1: (400, "API Unknown"),
    2: (503, "API Service"),
    3: (500, "API Method"),
    4: (400, "API Too Many Calls"),
    10: (403, "Permission Denied"),
    100: (400, "Invalid parameter"),
    190: (401, "Access token has expired"),
    200: (403, "API Permission"),
    368: (403, "Temporarily blocked for policies violations"),
    80007: (400, "Rate limit issues"),
    130403: (400, "User is blocked"),
    130429: (429, "Rate limit hit"),
    130472: (400, "User's number is part of an experiment"),
    130497: (403, "Business account is restricted from messaging users here"),
    131000: (500, "Something went wrong"),
    131005: (403, "Access denied"),
    131008: (400, "Required parameter is missing"),
    131009: (400, "Parameter value is not valid"),
    131016: (500, "Service unavailable"),
    131021: (400, "Recipient cannot be sender"),
    131026: (400, "Message undeliverable"),
    131030: (400, "Recipient phone number not in allowed list"),
    131031: (403, "Account has been locked"),
    131042: (400, "Business eligibility payment issue"),
    131045: (500, "Incorrect certificate"),
    131047: (400, "Re-engagement message"),
    131048: (400, "Spam rate limit hit"),
    131049: (400, "Meta chose not to deliver"),
    131050: (400, "User has stopped marketing messages"),
    131051: (400, "Unsupported message type"),
    131053: (400, "Media upload error"),
    131056: (400, "Pair rate limit hit"),
    131057: (500, "Account in maintenance mode"),
    131060: (400, "This message is currently unavailable"),
    131062: (400, "Business-scoped user ID recipients are not supported here"),
    131064: (400, "Template misclassification limit reached"),
    132000: (400, "Template param count mismatch"),
    132001: (404, "Template does not exist"),
    132005: (400, "Template hydrated text too long"),
    132007: (400, "Template format character policy violated"),
    132012: (400, "Template parameter format mismatch"),
    132015: (400, "Template is paused"),
    132016: (400, "Template is disabled"),
    132018: (400, "Template parameter text is not valid"),
}
UNKNOWN_OBJECT = 33  # the subcode of 100 for an id that is nobody's


class GraphError(Exception):
    """What a request is refused with. Raises ValueError for a code that Meta's page does
    not have."""

    def __init__(self, code: int, details: str = "", subcode: int | None = None):
        if code not in TITLES:
            raise ValueError(f"{code} is no error code of the Cloud API")
        self.code = code
        self.status, self.title = TITLES[code]
        self.details = details or self.title
        self.subcode = subcode
        super().__init__(f"(#{code}) {self.title}: {self.details}")

    def as_answer(self) -> dict[str, Any]:
        """The body of an HTTP answer."""
        error: dict[str, Any] = {
            "message": f"(#{self.code}) {self.title}",
            "type": "OAuthException",
            "code": self.code,
            "fbtrace_id": "A" + secrets.token_urlsafe(15),
        }
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        if self.code >= 1_000 or self.code == 100:
            data = {"messaging_product": "whatsapp", "details": self.details}
            error["error_data"] = data
        return {"error": error}

    def as_status(self) -> dict[str, Any]:
        """An element of `errors` in a failed status."""
        return {
            "code": self.code,
            "title": self.title,
            "message": self.title,
            "error_data": {"details": self.details},
            "href": DOCUMENTATION,
        }
