"""Where Meta brings what people write; answered once it is stored."""

from __future__ import annotations

import logging
from functools import partial
from typing import Annotated

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Header, Query, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from whatsapp_bot.web.gatekeeper import WEBHOOK_PATH
from whatsapp_bot.web.problems import RETRY_SECONDS, answers
from whatsapp_bot.whatsapp.quiet import place_of
from whatsapp_bot.whatsapp.receiver import Receiver

logger = logging.getLogger(__name__)

# As many connections as the database manager keeps open: a delivery that waits for one is
# faster than one that opens its own.
STORED_AT_ONCE = 8


def webhook_routes(receiver: Receiver) -> APIRouter:
    router = APIRouter(tags=["whatsapp"])
    limiter = CapacityLimiter(STORED_AT_ONCE)

    @router.get(WEBHOOK_PATH, response_class=PlainTextResponse, responses=answers(403))
    async def subscribe(
        mode: Annotated[str, Query(alias="hub.mode")] = "",
        token: Annotated[str, Query(alias="hub.verify_token")] = "",
        challenge: Annotated[str, Query(alias="hub.challenge")] = "",
    ) -> Response:
        """Meta asks whether this address is ours."""
        if not receiver.is_subscription(mode, token):
            return JSONResponse({"error": "the verify token is another"}, 403)
        return PlainTextResponse(challenge)

    @router.post(WEBHOOK_PATH, responses=answers(401, 413, 503))
    async def receive(
        request: Request,
        signature: Annotated[str, Header(alias="X-Hub-Signature-256")] = "",
    ) -> Response:
        """What Meta delivers. 200: all of it is stored; 503: bring it again."""
        body = await request.body()
        if not receiver.is_from_meta(body, signature):
            return JSONResponse({"error": "the signature is wrong"}, 401)
        try:
            await to_thread.run_sync(partial(receiver.receive, body), limiter=limiter)
        except Exception as error:  # noqa: BLE001 - a trace may quote what people wrote
            logger.error(
                "a delivery could not be stored: %s",
                place_of(error),
                extra={"action": "delivery_failed"},
            )
            return JSONResponse(
                {"error": "it could not be stored: bring it again"},
                503,
                {"Retry-After": str(RETRY_SECONDS)},
            )
        return Response()

    return router
