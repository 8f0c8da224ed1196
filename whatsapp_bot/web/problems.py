"""Whatever goes wrong is one clear line of JSON: never a trace, never what was sent."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from whatsapp_bot.errors import (
    DatabaseUnavailable,
    JobBotError,
    NotFound,
    SchemaMissing,
)
from whatsapp_bot.web.messages import Problem

logger = logging.getLogger(__name__)

RETRY_SECONDS = 5
DESCRIPTIONS = {
    400: "The body is no JSON.",
    401: "The token is missing or wrong.",
    403: "Without a token, only this machine may ask.",
    404: "There is no such row.",
    409: "Such work runs already.",
    413: "The body is too large.",
    422: "A value is not as it must be.",
    503: "The database cannot be reached, or a setting is missing.",
}


class Conflict(JobBotError):
    """Such work runs already."""


class NotConfigured(JobBotError):
    """A setting is missing."""


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For the OpenAPI page."""
    return {
        status: {"model": Problem, "description": DESCRIPTIONS[status]}
        for status in statuses
    }


def handle_problems(web: FastAPI) -> None:
    web.add_exception_handler(RequestValidationError, _invalid)
    web.add_exception_handler(HTTPException, _refused)
    web.add_exception_handler(JobBotError, _failed)
    web.add_exception_handler(Exception, _unexpected)


def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    faults = error.errors()
    if any(fault["type"] == "json_invalid" for fault in faults):
        return _problem(400, "the body is no JSON")
    return _problem(422, "; ".join(map(_said, faults[:5])))


def _said(fault: dict[str, Any]) -> str:
    """limit: input should be less than or equal to 1000"""
    where, *path = (str(part) for part in fault["loc"])
    what = str(fault["msg"])
    return f"{'.'.join(path) or where}: {what[:1].lower()}{what[1:]}"


def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    return _problem(error.status_code, str(error.detail), headers)


def _failed(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, NotFound):
        return _problem(404, str(error))
    if isinstance(error, Conflict):
        return _problem(409, str(error))
    if isinstance(error, DatabaseUnavailable):
        # What the driver says names hosts and users.
        wait = {"Retry-After": str(RETRY_SECONDS)}
        return _problem(503, "the database cannot be reached: try again later", wait)
    if isinstance(error, (SchemaMissing, NotConfigured)):
        return _problem(503, str(error))
    logger.error("%s", error, extra={"action": "request_failed"})
    return _problem(500, "an error of ours: see the log")


def _unexpected(request: Request, error: Exception) -> JSONResponse:
    return _problem(500, "an error of ours: see the log")


def _problem(
    status: int, error: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    return JSONResponse({"error": error}, status, headers)
