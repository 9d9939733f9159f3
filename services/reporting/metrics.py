"""Exports coverage gauges, computed from the view at each scrape. They name no person, no post and no event."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from services.reporting.domain.status.current_status import OpdStatus, PostStatus, StatusRows, UnitStatus, opd_status
from services.reporting.domain.status.status_timeline import SEVERITY_RANK, CoverageState
from services.reporting.view.rows import CoverageView
from shared.clock import Clock
from shared.domain.facts.coverage import Coverage
from shared.domain.regions import local_date

MAX_SERVICES_PER_OPD = 3
OTHER_SERVICES = "OTHER"
"""Label value for all units beyond the first two of an OPD: the number of label values is limited."""

METRIC_HELP: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "piket_service_required_staff": (
        "Petugas yang diperlukan di pos terlemah. Staff needed at the weakest post.",
        ("region", "opd", "service"),
    ),
    "piket_service_planned_staff": (
        "Petugas terjadwal di pos terlemah. Staff rostered at the weakest post.",
        ("region", "opd", "service"),
    ),
    "piket_service_present_staff": (
        "Petugas di tempat di pos terlemah. Staff on site at the weakest post.",
        ("region", "opd", "service"),
    ),
    "piket_opd_coverage_state": (
        "1 untuk keadaan OPD sekarang. 1 for the state an OPD is in now.",
        ("region", "opd", "state"),
    ),
    "piket_opd_present_staff": (
        "Pegawai hadir menurut tempat kerja. Staff present by place of work.",
        ("region", "opd", "mode"),
    ),
    "piket_office_open": ("1 bila ada pos yang buka. 1 while any post is open.", ("region", "opd")),
    "piket_view_watermark_timestamp_seconds": (
        "Sampai kapan tampilan ini lengkap. Until when this view has missed nothing.",
        ("region",),
    ),
}


class MetricSample(NamedTuple):
    """A value of a metric, with the values of its labels."""

    metric: str
    labels: tuple[str, ...]
    value: float


class CoverageCollector(Collector):
    """Collects the gauges of some regions from a view. Register it once."""

    def __init__(self, view: CoverageView, now: Clock, regions: Sequence[str]) -> None:
        self._view, self._now, self._regions = view, now, regions

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield all gauges with their current values."""
        families = {name: GaugeMetricFamily(name, text, labels=labels) for name, (text, labels) in METRIC_HELP.items()}
        for sample in self._samples():
            families[sample.metric].add_metric(list(sample.labels), sample.value)
        yield from families.values()

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Return the gauges without values: registering must not compute them."""
        return [GaugeMetricFamily(name, text, labels=labels) for name, (text, labels) in METRIC_HELP.items()]

    def _samples(self) -> Iterator[MetricSample]:
        now, rows = self._now(), self._view.rows
        complete_until = {region: self._view.current_until(region) for region in self._regions}
        for row in (row for row in rows.values() if row.region in complete_until):
            # Minutes after the last complete instant are not judged: missing events would look like missing people.
            instant = min(now, complete_until[row.region])
            if local_date(instant, row.region) == row.service_date:
                tomorrow = rows.get(f"{row.region}/{row.opd}/{row.service_date + timedelta(days=1)}")
                behind = self._view.behind_since(row.region)
                yield from samples(opd_status(row.region, row.opd, StatusRows(row, tomorrow), instant, behind), row)
        for region, instant in complete_until.items():
            yield MetricSample("piket_view_watermark_timestamp_seconds", (region,), instant.timestamp())


def samples(opd: OpdStatus, row: Coverage) -> Iterator[MetricSample]:
    """Yield all values of an OPD from its status and today's row."""
    labels = (opd.region, opd.opd)
    for state in CoverageState:
        yield MetricSample("piket_opd_coverage_state", (*labels, state), float(state is opd.state))
    yield MetricSample("piket_office_open", labels, float(any(post.required for post in opd.posts)))
    for mode in row.modes:
        yield MetricSample("piket_opd_present_staff", (*labels, mode), opd.modes.get(mode, 0))
    for service, post in weakest_posts(opd.units).items():
        for name, count in _STAFF_COUNTS.items():
            yield MetricSample(name, (*labels, service), count(post))


_STAFF_COUNTS: Mapping[str, Callable[[PostStatus], int]] = {
    "piket_service_required_staff": lambda post: post.required,
    "piket_service_planned_staff": lambda post: post.planned,
    "piket_service_present_staff": lambda post: post.on_site,
}


def weakest_posts(units: Sequence[UnitStatus]) -> Mapping[str, PostStatus]:
    """Return, by service, the weakest post of a unit: a sum would hide an empty counter behind a full one."""
    with_posts = [unit for unit in units if unit.posts]
    labelled = with_posts if len(with_posts) <= MAX_SERVICES_PER_OPD else with_posts[: MAX_SERVICES_PER_OPD - 1]
    posts: dict[str, list[PostStatus]] = defaultdict(list)
    for unit in with_posts:
        posts[unit.unit if unit in labelled else OTHER_SERVICES] += unit.posts
    return {service: min(of_service, key=_weakness) for service, of_service in posts.items()}


def _weakness(post: PostStatus) -> tuple[int, int]:
    return post.on_site - post.required, SEVERITY_RANK[post.state]
