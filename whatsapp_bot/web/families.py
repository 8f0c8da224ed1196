"""Metrics of ours: names that begin with jobbot."""

from __future__ import annotations

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric


def gauge(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(f"jobbot_{name}", what, value=value)


def gauges(
    name: str, what: str, labels: tuple[str, ...] | list[str]
) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"jobbot_{name}", what, labels=labels)


def counters(name: str, what: str, labels: tuple[str, ...]) -> CounterMetricFamily:
    return CounterMetricFamily(f"jobbot_{name}", what, labels=labels)
