"""Figures about WhatsApp for Prometheus: the facts of the health check, asked at each
scrape. By indexes of what is not done yet, and of the last days; no text is read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from prometheus_client.core import Metric

from whatsapp_bot.records import Row
from whatsapp_bot.web.families import gauge, gauges
from whatsapp_bot.web.parts import WhatsAppParts


def whatsapp_metrics(parts: WhatsAppParts) -> Iterator[Metric]:
    """Raises DatabaseError."""
    inbox, outbox = parts.inbox.facts(), parts.number.facts()
    yield from _queues(inbox, outbox)
    yield from _sending(outbox)
    if parts.daily_budget is not None:
        budget = parts.daily_budget
        yield gauge("whatsapp_daily_budget_dollars", "Of what we begin.", budget)
    yield from _people(parts.conversations.people_facts())
    yield from _alerts(parts.alerts.facts(datetime.now(UTC), parts.alert_days))


def _queues(inbox: Row, outbox: Row) -> Iterator[Metric]:
    """events: what Meta tells of our messages."""
    due = gauges("whatsapp_due", "Messages to be handled now.", ["queue"])
    age = gauges(
        "whatsapp_oldest_due_seconds", "Since when the oldest waits.", ["queue"]
    )
    aside = gauges(
        "whatsapp_set_aside", "Given up after several tries, in 7 days.", ["queue"]
    )
    for queue, facts, prefix in (
        ("inbox", inbox, ""),
        ("events", inbox, "events_"),
        ("outbox", outbox, ""),
    ):
        due.add_metric([queue], facts[f"{prefix}due"])
        age.add_metric([queue], facts[f"{prefix}oldest_due_seconds"])
        if facts is inbox:
            aside.add_metric([queue], facts[f"{prefix}set_aside"])
    yield from (due, age, aside)


def _sending(outbox: Row) -> Iterator[Metric]:
    yield gauge(
        "whatsapp_sender_stopped",
        "1: nothing is sent until a person acts; the health check says why.",
        bool(outbox["stop_reason"]),
    )
    yield gauge(
        "whatsapp_alerts_stopped",
        "1: answers go out, alerts do not.",
        bool(outbox["alerts_stop_reason"]),
    )
    yield gauge(
        "whatsapp_held",
        "Put off for money or by Meta, let others pass.",
        outbox["held"],
    )
    yield gauge(
        "whatsapp_uncertain", "They may have arrived or not.", outbox["uncertain"]
    )
    yield gauge(
        "whatsapp_failed_day", "Given up, of the last 24 hours.", outbox["failed"]
    )
    yield gauge(
        "whatsapp_malformed_day",
        "Not as Meta wants them, of the last 24 hours: a bug.",
        outbox["malformed"],
    )
    yield gauge(
        "whatsapp_sent_today",
        "Meta took them today, of those written since yesterday.",
        outbox["sent_today"],
    )
    yield gauge(
        "whatsapp_spent_today_dollars",
        "Reserved for what Meta has not priced yet too.",
        outbox["dollars_today"],
    )


def _people(people: Row) -> Iterator[Metric]:
    yield gauge("whatsapp_people", "Who wrote to us, ever.", people["people"])
    yield gauge("whatsapp_people_stopped", "They asked to stop.", people["stopped"])
    yield gauge(
        "whatsapp_people_waiting",
        "They asked for a person: `people-waiting` lists them.",
        people["waiting"],
    )
    yield gauge(
        "whatsapp_longest_waiting_seconds",
        "Since the first of them asked.",
        people["oldest_waiting_seconds"],
    )


def _alerts(alerts: Row) -> Iterator[Metric]:
    yield gauge("alerts_new_jobs", "Not held against people yet.", alerts["new_jobs"])
    yield gauge("alerts_pending", "Jobs that people are to hear of.", alerts["pending"])
    yield gauge("alerts_pending_people", "These people.", alerts["people"])
    yield gauge("alerts_due_people", "To be looked at now.", alerts["due"])
    yield gauge(
        "alerts_oldest_due_seconds",
        "Since when the first of them is due.",
        alerts["oldest_late_seconds"],
    )
