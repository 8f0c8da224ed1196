"""Builds the web service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whatsapp_bot.bootstrap.app import App
from whatsapp_bot.bootstrap.whatsapp import build_receiver
from whatsapp_bot.database.admin_jobs import AdminJobStore
from whatsapp_bot.database.embeddings import EmbeddingStore
from whatsapp_bot.database.migrator import Migrator

if TYPE_CHECKING:
    from fastapi import FastAPI

    from whatsapp_bot.web.job_runner import JobRunner
    from whatsapp_bot.web.parts import WhatsAppParts
    from whatsapp_bot.whatsapp.fake_graph import FakeGraph


def build_web(
    app: App, simulator: FakeGraph | None = None
) -> tuple[FastAPI, JobRunner]:
    """The ASGI application, and what runs the work that it is asked for."""
    # Here and not above: the packages take half a second, and no other door needs them.
    from whatsapp_bot.web.application import make_application
    from whatsapp_bot.web.job_runner import JobRunner
    from whatsapp_bot.web.parts import Parts

    database = app.database
    parts = Parts(
        migrator=Migrator(database),
        models=app.models,
        services=app.services,
        generator=app.generator,
        upkeep=app.upkeep,
        ledger=app.ledger,
        tasks=app.tasks,
        jobs=AdminJobStore(database),
        store=lambda thing, model: EmbeddingStore(database, thing, model.name),
        pace=app.pace,
        daily_budget=app.settings.embedding_daily_budget_usd,
        admin_token=app.settings.admin_token,
        whatsapp=build_whatsapp_parts(app),
    )
    runner = JobRunner(parts)
    page = simulator.asgi if simulator else None
    return make_application(parts, runner, page), runner


def build_whatsapp_parts(app: App) -> WhatsAppParts | None:
    """None where it is not set up."""
    # As above.
    from whatsapp_bot.web.parts import WhatsAppParts

    settings, edge = app.settings, app.edge
    receiver = build_receiver(app)
    if receiver is None:
        return None
    return WhatsAppParts(
        receiver=receiver,
        inbox=edge.inbox,
        number=edge.number,
        conversations=app.conversations,
        alerts=app.alerts,
        alert_days=settings.alert_days,
        daily_budget=settings.whatsapp_daily_budget_usd,
    )
