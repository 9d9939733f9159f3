"""Derives how current each source and view of a region is, from what all processes export. Pure."""

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

from services.reporting.domain.freshness import SOURCE_SERVICES
from services.reporting.domain.operations.health import (
    Health,
    MetricValue,
    ScrapedProcess,
    health_of_lag,
    highest,
    worst,
)
from shared.domain.envelope import topic

RELAYED_SERVICES = (*SOURCE_SERVICES, "reporting")
"""The services whose events a relay sends; the worker reads those of `SOURCE_SERVICES`."""


class SourceStatus(NamedTuple):
    """One source of a region: what its relay has not sent, and how far the workers are behind, in seconds."""

    service: str
    health: Health
    backlog: float | None
    unsent_s: float | None
    worker_lag_s: float | None
    is_connected: bool


class RegionFlow(NamedTuple):
    """The sources of a region, and the seconds since its view was last confirmed to be complete."""

    region: str
    health: Health
    sources: Sequence[SourceStatus]
    view_health: Health
    view_behind_s: float | None

    @property
    def is_without_kafka(self) -> bool:
        """Return whether every source is known to be unconnected."""
        return not any(source.is_connected for source in self.sources)


def region_flow(region: str, processes: Sequence[ScrapedProcess]) -> RegionFlow:
    """Return the flow of a region. A value that no process exports is unknown, never in order."""
    values = list(chain.from_iterable(process.values or () for process in processes))
    sources = [_source_status(region, service, values) for service in RELAYED_SERVICES]
    behind = highest(values, "piket_view_behind_seconds", region=region)
    view_health = health_of_lag(behind, "view")
    return RegionFlow(region, worst((view_health, *(s.health for s in sources))), sources, view_health, behind)


def _source_status(region: str, service: str, values: Sequence[MetricValue]) -> SourceStatus:
    labels = {"region": region, "service": service}
    unsent = highest(values, "piket_relay_oldest_unsent_seconds", **labels)
    is_connected = highest(values, "piket_relay_connected", **labels) != 0
    worker_lag = highest(values, "piket_worker_lag_seconds", topic=topic(region, service))
    healths = [health_of_lag(unsent, "relay")]
    if service in SOURCE_SERVICES:
        healths.append(health_of_lag(worker_lag, "worker"))
    if not is_connected:
        healths.append(Health.FAULT)
    backlog = highest(values, "piket_relay_backlog_events", **labels)
    return SourceStatus(service, worst(healths), backlog, unsent, worker_lag, is_connected)
