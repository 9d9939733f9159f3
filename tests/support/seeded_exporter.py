"""Serves plausible values of every metric of the catalogue for two regions; counters grow with each scrape."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from itertools import product
from typing import Any, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server
from prometheus_client.registry import Collector

from tests.support.metric_catalogue import Metric, catalogued_metrics

LABEL_VALUES: Mapping[str, tuple[str, ...]] = {
    "region": ("32", "3271"),
    "opd": ("DPMPTSP", "DINKES"),
    "service": ("attendance", "roster"),
    "state": ("AMAN", "RAWAN", "KRITIS", "TUTUP", "TIDAK_DIKETAHUI"),
    "mode": ("WFO", "WFH", "WFA", "AWAY"),
    "rule": ("MAX_SHARE", "FLEXIBLE_DAY", "POST_MINIMUM"),
    "topic": ("piket.32.attendance.v1", "piket.3271.attendance.v1"),
    "partition": ("0", "1"),
    "consumer": ("roster-policy",),
    "outcome": ("ok", "refused"),
    "operation": ("read", "write"),
    "version": ("0.1.0",),
}
ROWS: Mapping[str, list[tuple[str, ...]]] = {
    "piket_region_info": [("32", "Provinsi Jawa Barat", "-6.9", "107.6"), ("3271", "Kota Bogor", "-6.6", "106.8")],
    "piket_estimation_factor_info": [
        ("32", "commute_kilometres", "18", "Survei 2025"),
        ("3271", "commute_kilometres", "18", "Survei 2025"),
    ],
    "piket_events_total": [
        ("attendance", "piket.32.attendance.v1", "sent"),
        ("worker", "piket.32.attendance.v1", "folded"),
    ],
}
"""The label values of metrics whose labels depend on one another."""

VALUES: Mapping[str, float] = {
    "piket_service_required_staff": 2,
    "piket_service_planned_staff": 2,
    "piket_view_watermark_timestamp_seconds": 1_762_390_800,
    "piket_view_behind_seconds": 2,
    "piket_wfh_share_ratio": 0.4,
    "piket_wfh_share_limit_ratio": 0.5,
    "piket_rotation_balance_ratio": 0.8,
    "piket_policy_breach_opds": 0,
    "piket_home_person_days": 120,
    "piket_estimated_commute_avoided_kilometres": 2160,
    "piket_estimated_energy_saved_kilowatt_hours": 300,
    "piket_view_divergent_opds": 0,
    "piket_view_compared_timestamp_seconds": 1_762_390_000,
}
"""Values other than 1."""

STATE_OF = {"DPMPTSP": "KRITIS", "DINKES": "RAWAN"}

UNSEEN_WHEN_HEALTHY = frozenset(
    {
        *("piket_view_duplicates_total", "piket_view_late_total", "piket_projection_held_streams"),
        *("piket_view_divergent_opds", "piket_view_compared_timestamp_seconds"),
        *("piket_worker_rebalance_seconds", "piket_plan_seconds"),
    }
)
"""Metrics without any series until something happens, or until a process of its own is started."""

ROOMS = ("LOKET-PERIZINAN", "LOKET-INFORMASI")
"""Units, which are the services of metrics of OPD."""


BUCKETS = (0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60)
M = TypeVar("M", Counter, Gauge, Histogram)


class Traffic(Collector):
    """Lets every counter and histogram grow before each scrape, and yields nothing itself."""

    def __init__(self) -> None:
        self.counters: list[Counter] = []
        self.histograms: list[Histogram] = []

    def collect(self) -> Iterator[Any]:
        """Count one event in each counter, and a short and a long duration in each histogram."""
        for counter in self.counters:
            counter.inc()
        for histogram in self.histograms:
            histogram.observe(0.3)
            histogram.observe(3)
        return iter(())

    def describe(self) -> list[Any]:
        """Return nothing: registering must not count."""
        return []


def seeded_registry(without: Collection[str] = ()) -> CollectorRegistry:
    """Return a registry with every metric that is not reserved, except some."""
    registry, traffic = CollectorRegistry(), Traffic()
    # Registered first, so it runs before the values are read.
    registry.register(traffic)
    for metric in catalogued_metrics():
        if not metric.reserved and metric.name not in without:
            _add(metric, registry, traffic)
    return registry


def _add(metric: Metric, registry: CollectorRegistry, traffic: Traffic) -> None:
    if metric.type == "counter":
        traffic.counters += _children(Counter(metric.name, metric.name, metric.labels, registry=registry), metric)
    elif metric.type == "histogram":
        traffic.histograms += _children(_histogram(metric, registry), metric)
    else:
        gauges = _children(Gauge(metric.name, metric.name, metric.labels, registry=registry), metric)
        for values, gauge in zip(_label_values(metric), gauges, strict=True):
            gauge.set(_value(metric.name, values))


def _value(name: str, values: tuple[str, ...]) -> float:
    if name == "piket_opd_coverage_state":
        _, opd, state = values
        return float(STATE_OF[opd] == state)
    return VALUES.get(name, 1)


def _histogram(metric: Metric, registry: CollectorRegistry) -> Histogram:
    return Histogram(metric.name, metric.name, metric.labels, registry=registry, buckets=BUCKETS)


def _children(parent: M, metric: Metric) -> list[M]:
    return [parent.labels(*values) if values else parent for values in _label_values(metric)]


def _label_values(metric: Metric) -> list[tuple[str, ...]]:
    if metric.name in ROWS:
        return ROWS[metric.name]
    options = [ROOMS if name == "service" and "opd" in metric.labels else LABEL_VALUES[name] for name in metric.labels]
    return list(product(*options))


@contextmanager
def seeded_exporter(port: int, without: Collection[str] = ()) -> Iterator[None]:
    """Serve the registry on 127.0.0.1."""
    server, thread = start_http_server(port, "127.0.0.1", seeded_registry(without))
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
