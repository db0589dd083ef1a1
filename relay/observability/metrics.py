"""The metrics of a running relay, for Prometheus to fetch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

NAMESPACE = "ipysketch"
LATENCIES = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


def merge(texts: Iterable[str]) -> str:
    """Return the metrics of several processes as those of one: the sum of each sample."""
    lines: dict[str, float | None] = {}
    for text in texts:
        for line in text.splitlines():
            name, _, value = line.rpartition(" ")
            if line.startswith("#"):
                lines[line] = None
            elif name.partition("{")[0].endswith("_created"):
                lines[name] = min(lines.get(name) or float(value), float(value))
            else:
                lines[name] = (lines.get(name) or 0.0) + float(value)
    return "".join(
        f"{name}\n" if value is None else f"{name} {value}\n" for name, value in _grouped(lines).items()
    )


def _grouped(lines: dict[str, float | None]) -> dict[str, float | None]:
    """Return the lines with each sample behind its own metric's heading, also one that only a later process had."""
    groups: dict[str, list[str]] = {}
    heading = ""
    for line, value in lines.items():
        if value is None:
            heading = line.split(" ")[2]
        else:
            heading = next((known for known in groups if _is_of(line, known)), heading)
        groups.setdefault(heading, []).append(line)
    return {line: lines[line] for group in groups.values() for line in group}


def _is_of(sample: str, metric: str) -> bool:
    name = sample.partition("{")[0]
    return name == metric or name.removeprefix(metric) in ("_bucket", "_sum", "_count", "_created")


class Tally(Collector):
    """A counter of one thread, for events so frequent that a lock for each would cost noticeable time."""

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
        self.aside = self._counter("dear_batches", "Batches of operations that were worked out in a thread.")
        self.turned_away = self._counter(
            "turned_away_connections", "Connections closed before their request was answered."
        )
        self.failures = self._counter("store_failures", "Commits that the store did not take.")
        self.unknown = self._counter("unknown_commits", "Commits whose outcome was unknown at first.")
        self.lost = self._counter("lost_rooms", "Rooms that turned out to be held elsewhere.")
        self.takeovers = self._counter("takeovers", "Rooms taken over from a relay that was dead.")
        self.handed_over = self._counter("handed_over_rooms", "Rooms given to other relays in order.")
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
        """Add a gauge `name` whose value is asked for when it is fetched."""
        Gauge(name, help, namespace=NAMESPACE, registry=self.registry).set_function(value)

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self.registry)
