"""Figures for Prometheus: the database's facts, asked at each scrape, and how long this
process's calls took. Labels name models, purposes and routes; never a row or a person."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from prometheus_client import Histogram
from prometheus_client.core import HistogramMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry

from whatsapp_bot.embeddings.call_times import BOUNDS
from whatsapp_bot.errors import DatabaseError
from whatsapp_bot.records import THINGS
from whatsapp_bot.web.families import counters, gauge, gauges
from whatsapp_bot.web.parts import Parts
from whatsapp_bot.web.whatsapp_metrics import whatsapp_metrics


class Metrics:
    def __init__(self, parts: Parts) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(_Facts(parts))
        self.request_seconds = Histogram(
            "jobbot_http_request_seconds",
            "How long requests to this process took.",
            ("method", "route", "status"),
            registry=self.registry,
        )


class _Facts(Collector):
    """Statements that read the embeddings rows or less; none reads the vectors."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def describe(self) -> list[Metric]:
        """None before the first scrape: no database is asked for that."""
        return []

    def collect(self) -> Iterator[Metric]:
        try:
            yield from [*self._embeddings(), *self._usage(), *self._rest()]
            if self._parts.whatsapp:
                yield from list(whatsapp_metrics(self._parts.whatsapp))
            is_up = 1
        except DatabaseError:
            is_up = 0
        yield gauge("database_up", "Whether the database answered this scrape.", is_up)
        yield self._call_seconds()

    def _embeddings(self) -> Iterator[Metric]:
        labels = ("thing", "model")
        due = gauges("rows_due", "Rows to be worked on now.", labels)
        age = gauges("oldest_due_seconds", "Since when the oldest is due.", labels)
        rows = gauges("rows_embedded", "Rows with a vector.", labels)
        waiting = gauges("rows_waiting", "Rows that have none yet.", labels)
        coverage = gauges("coverage_ratio", "Embedded of all, 0 to 1.", labels)
        failed = gauges("rows_failed", "Rows with an error.", (*labels, "kind"))
        for model, thing in itertools.product(self._parts.models.list(), THINGS):
            store = self._parts.store(thing, model)
            facts, place = store.quick_facts(), (thing, model.name)
            due.add_metric(place, facts.due)
            age.add_metric(place, facts.oldest_due_seconds)
            rows.add_metric(place, facts.embedded)
            waiting.add_metric(place, facts.waiting)
            coverage.add_metric(place, facts.coverage / 100)
            for kind, count in store.failure_kinds().items():
                failed.add_metric((*place, kind), count)
        yield from (due, age, rows, waiting, coverage, failed)

    def _usage(self) -> Iterator[Metric]:
        labels = ("model", "purpose")
        calls = counters("provider_requests", "Calls to providers.", labels)
        texts = counters("provider_texts", "Texts that were embedded.", labels)
        tokens = counters("provider_tokens", "Tokens, as billed.", labels)
        # No counter: what is reserved for a call is given back when it costs less.
        dollars = gauges("spent_dollars", "Dollars, reserved ones too.", labels)
        for row in self._parts.ledger.by_purpose():
            place = (row["model"], row["purpose"])
            calls.add_metric(place, row["requests"])
            texts.add_metric(place, row["texts"])
            tokens.add_metric(place, row["tokens"])
            dollars.add_metric(place, row["dollars"])
        yield from (calls, texts, tokens, dollars)
        today = self._parts.ledger.today()["dollars"]
        yield gauge("spent_today_dollars", "Of all models, reserved ones too.", today)
        if self._parts.daily_budget is not None:
            budget = self._parts.daily_budget
            yield gauge("daily_budget_dollars", "Not to be passed.", budget)

    def _rest(self) -> Iterator[Metric]:
        failures = gauges(
            "provider_failures",
            "Failures in a row; 0: it may be called.",
            ("model", "reason"),
        )
        for model in self._parts.models.list():
            pace = self._parts.pace(model).facts()
            failures.add_metric((model.name, pace.reason or "none"), pace.failures)
        failing = gauges("task_failing", "Its last run ended with an error.", ["task"])
        silent = gauges("task_ok_seconds", "Since it last went well.", ["task"])
        for run in self._parts.tasks.list():
            failing.add_metric([run.task], bool(run.last_error))
            if run.seconds_since_ok is not None:
                silent.add_metric([run.task], run.seconds_since_ok)
        yield from (failures, failing, silent)

    def _call_seconds(self) -> Metric:
        family = HistogramMetricFamily(
            "jobbot_provider_call_seconds",
            "How long this process's calls to a provider took, by how they ended.",
            labels=("model", "outcome"),
        )
        for service in self._parts.services.made():
            for outcome, times in service.call_times().by_outcome().items():
                sums = list(itertools.accumulate(times.counts))
                bounds = [*(str(bound) for bound in BOUNDS), "+Inf"]
                family.add_metric(
                    (service.model, outcome),
                    list(zip(bounds, sums, strict=True)),
                    times.seconds,
                )
        return family
