"""Builds what tells people of new jobs."""

from __future__ import annotations

from datetime import time, timedelta

from whatsapp_bot.alerts.digests import AlertTemplate, Digests, Reach
from whatsapp_bot.alerts.job_finder import JobFinder
from whatsapp_bot.alerts.times import Calendar, Clock, utc_now
from whatsapp_bot.bootstrap.app import App


def build_job_finder(app: App, clock: Clock = utc_now) -> JobFinder:
    settings = app.settings
    collect = timedelta(minutes=settings.alert_collect_minutes)
    return JobFinder(
        app.alerts, app.reverse_matcher, settings.alert_days, collect, clock
    )


def build_digests(app: App, clock: Clock = utc_now) -> Digests:
    settings, edge = app.settings, app.edge
    name = settings.whatsapp_alert_template
    language = settings.whatsapp_alert_template_language
    template = AlertTemplate(name, language) if name else None
    return Digests(
        app.database,
        app.alerts,
        app.conversations,
        app.controller,
        Reach(edge.contacts, edge.outbox, edge.outgoing, template),
        Calendar(
            timedelta(minutes=settings.alert_collect_minutes),
            time.fromisoformat(settings.alert_daily_at),
        ),
        clock,
    )
