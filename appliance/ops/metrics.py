"""Numbers for Prometheus, in a registry of this app's own: two apps in one process do not mix."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from appliance.domain.running import Communications, Machine, Reporting, Storage

_PREFIX = "callstead_appliance"
# A page is a few milliseconds; a second is already somebody waiting.
_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


@dataclass(frozen=True)
class Sources:
    """Where the numbers of the moment come from; asked at each scrape."""

    machine: Callable[[], Machine]
    storage: Callable[[], Storage]
    communications: Callable[[], Communications]
    reporting: Callable[[], Reporting]


class Metrics:
    """The counters that code adds to, and the registry that ``/metrics`` prints."""

    def __init__(self, sources: Sources) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            f"{_PREFIX}_requests",
            "Requests answered, by route and status.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            f"{_PREFIX}_request_seconds",
            "Time to answer a request, by route.",
            ("route",),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.sign_ins = Counter(
            f"{_PREFIX}_sign_ins", "Sign-ins, by outcome.", ("outcome",), registry=self.registry
        )
        for outcome in ("ok", "failed"):  # an alert needs the zero before the first failure
            self.sign_ins.labels(outcome)
        ProcessCollector(registry=self.registry)
        self.registry.register(_Moment(sources))

    def watch(self, flask: Flask) -> None:
        """Count every request of ``flask`` and its time, by the route's pattern."""

        @flask.before_request
        def _begin() -> None:
            g.metrics_began = time.perf_counter()

        @flask.after_request
        def _end(response: Response) -> Response:
            # The pattern and never the path: a stranger's made-up paths must not fill the memory.
            route = request.url_rule.rule if request.url_rule else "(none)"
            method = request.method if request.method in _METHODS else "(other)"
            self.requests.labels(method, route, str(response.status_code)).inc()
            began = getattr(g, "metrics_began", None)
            if began is not None:
                self.seconds.labels(route).observe(time.perf_counter() - began)
            return response


_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class _Moment(Collector):
    """Gauges that are read when somebody asks."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def collect(self) -> Iterable[Metric]:
        machine = self._sources.machine()
        storage = self._sources.storage()
        reporting = self._sources.reporting()
        reachable = self._sources.communications().reachable
        uptime = (machine.now - machine.started_at).total_seconds()
        yield InfoMetricFamily(_PREFIX, "What runs.", {"version": machine.version})
        for name, text, value in (
            ("uptime_seconds", "Since the start.", uptime),
            ("threads", "Threads of the process.", machine.threads),
            ("disk_free_bytes", "Free space where the data is.", machine.disk_free),
            ("database_up", "1 when the database answers.", float(not storage.trouble)),
            ("database_bytes", "Size of the database.", storage.size),
            ("communications_up", "1 when last reached.", float(reachable is True)),
            ("reports_waiting", "Error reports spooled on the disk.", reporting.waiting),
        ):
            yield GaugeMetricFamily(f"{_PREFIX}_{name}", text, float(value))

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask the sources."""
        return ()
