"""Defines the health of a part of a deployment, and the values from which it follows. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class Health(StrEnum):
    """How a part works: it works, is late, does not work, or does not say."""

    OK = "OK"
    LATE = "LATE"
    FAULT = "FAULT"
    UNKNOWN = "UNKNOWN"


_RANK = {Health.OK: 0, Health.LATE: 1, Health.UNKNOWN: 2, Health.FAULT: 3}
LATE_AFTER_S = 10.0
FAULT_AFTER_S: Mapping[str, float] = {"relay": 60.0, "worker": 60.0, "view": 30.0}
"""From when on the alerts RelayBehind, WorkerBehind and ViewStale count."""


class MetricValue(NamedTuple):
    """One exported value of a metric."""

    name: str
    labels: Mapping[str, str]
    value: float


class ScrapedProcess(NamedTuple):
    """What one process exports on all its endpoints; None if it does not answer, and since when it has not."""

    process: str
    address: str
    values: Sequence[MetricValue] | None
    silent_since: datetime | None = None


def worst(healths: Iterable[Health]) -> Health:
    """Return the worst of several healths; OK for none."""
    return max(healths, key=_RANK.__getitem__, default=Health.OK)


def health_of_lag(seconds: float | None, part: str) -> Health:
    """Return the health of a part (relay, worker, view) by its lag in seconds; None: it exports none."""
    if seconds is None:
        return Health.UNKNOWN
    if seconds > FAULT_AFTER_S[part]:
        return Health.FAULT
    return Health.LATE if seconds > LATE_AFTER_S else Health.OK


def highest(values: Iterable[MetricValue], name: str, **labels: str) -> float | None:
    """Return the highest value of a metric with these labels in all processes, None if there is none."""
    matching = (v.value for v in values if v.name == name and labels.items() <= v.labels.items())
    return max(matching, default=None)
