"""Alive and ready, for whoever decides what to restart and where to send requests."""

from __future__ import annotations

from fastapi import APIRouter, Response

from whatsapp_bot.errors import DatabaseError
from whatsapp_bot.web import messages as m
from whatsapp_bot.web.parts import Parts
from whatsapp_bot.web.problems import answers


def health_routes(parts: Parts) -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.get("/healthz", responses=answers(403))
    async def healthz() -> m.Alive:
        """The process answers; nothing else is looked at, no thread is waited for."""
        return m.Alive()

    @router.get(
        "/readyz",
        responses={
            **answers(403),
            503: {"model": m.Ready, "description": "Not ready; see checks."},
        },
    )
    def readyz(response: Response) -> m.Ready:
        """Whether the database, its schema and the provider are as they should be.
        The provider is not called: its circuit breaker knows."""
        checks = _checks(parts)
        ready = all(check.ok for check in checks)
        response.status_code = 200 if ready else 503
        return m.Ready(ready=ready, checks=checks)

    return router


def _checks(parts: Parts) -> list[m.Check]:
    """Those that could be made: without the database there is but one."""
    try:
        missing = parts.migrator.missing()
        checks = [m.Check(name="database", ok=True, text="it answers")]
        text = f"missing: {', '.join(missing)}" if missing else "all are applied"
        checks.append(m.Check(name="migrations", ok=not missing, text=text))
        return checks if missing else [*checks, _provider(parts)]
    except DatabaseError:
        return [m.Check(name="database", ok=False, text="it does not answer")]


def _provider(parts: Parts) -> m.Check:
    """The provider's own words are not for everybody: they may show part of a key."""
    model = parts.live_model()
    if parts.services.get(model) is None:
        return m.Check(name="provider", ok=False, text=f"no key for {model.name}")
    pace = parts.pace(model).facts()
    text = f"left alone ({pace.reason})" if pace.failures else "it is well"
    return m.Check(name="provider", ok=pace.is_well, text=f"{model.name}: {text}")
