"""The figures of a running relay, for Prometheus to fetch."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

NAMESPACE = "ipysketch"
LATENCIES = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Tally(Collector):
    """A counter of one thread, for what happens so often that taking a lock each time would be felt."""

    def __init__(self, name: str, help: str) -> None:
        self.value = 0
        self._name = name
        self._help = help

    def collect(self) -> Iterator[CounterMetricFamily]:
        yield CounterMetricFamily(self._name, self._help, value=self.value)


class Metrics:
    """Counts for one relay; a registry of its own, so that two relays in a process do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.operations = self._counter("operations", "Operations committed.")
        self.refusals = self._counter("refusals", "Refusals, by code.", "code")
        self.received = self._tally("received_bytes", "Bytes received in frames.")
        self.sent = self._tally("sent_bytes", "Bytes sent in frames.")
        self.aborted = self._counter("aborted_peers", "Peers aborted because they took nothing.")
        self.paused = self._counter("paused_reads", "Times a peer's operations came too fast and waited.")
        self.failures = self._counter("store_failures", "Commits that the store did not take.")
        self.commits = Histogram(
            "commit_seconds",
            "Time of one durable write.",
            namespace=NAMESPACE,
            registry=self.registry,
            buckets=LATENCIES,
        )

    def _counter(self, name: str, help: str, *labels: str) -> Counter:
        return Counter(name, help, labels, namespace=NAMESPACE, registry=self.registry)

    def _tally(self, name: str, help: str) -> Tally:
        tally = Tally(f"{NAMESPACE}_{name}", help)
        self.registry.register(tally)
        return tally

    def watch(self, name: str, help: str, value: Callable[[], float]) -> None:
        """Have a gauge `name` that asks `value` whenever it is fetched."""
        Gauge(name, help, namespace=NAMESPACE, registry=self.registry).set_function(value)

    def text(self) -> bytes:
        """All figures in Prometheus' text format."""
        return generate_latest(self.registry)
