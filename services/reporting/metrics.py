"""What operations see: gauges read from the view at the moment of the scrape. No person, no post, no event."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from services.reporting.domain.status.current_status import OpdNow, PostNow, Rows, UnitNow, opd_now
from services.reporting.domain.status.status_timeline import PRESSING, State
from services.reporting.view.rows import View
from shared.clock import Clock
from shared.domain.facts.coverage import Coverage
from shared.domain.regions import local_date

SERVICES_AN_OPD = 3
OTHER = "OTHER"
"""The service that stands for all units beyond the first two of an OPD: labels are budgeted."""

HELP: Mapping[str, tuple[str, tuple[str, ...]]] = {
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


class Sample(NamedTuple):
    """One value of one metric."""

    metric: str
    labels: tuple[str, ...]
    value: float


class CoverageCollector(Collector):
    """Register this once; it holds nothing but the view."""

    def __init__(self, view: View, now: Clock, regions: Sequence[str]) -> None:
        self._view, self._now, self._regions = view, now, regions

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Every gauge as it stands now."""
        families = {name: GaugeMetricFamily(name, text, labels=labels) for name, (text, labels) in HELP.items()}
        for sample in self._samples():
            families[sample.metric].add_metric(list(sample.labels), sample.value)
        yield from families.values()

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Without a look at the view: registering must not scrape."""
        return [GaugeMetricFamily(name, text, labels=labels) for name, (text, labels) in HELP.items()]

    def _samples(self) -> Iterator[Sample]:
        now, rows = self._now(), self._view.rows
        until = {region: self._view.current_until(region) for region in self._regions}
        for row in (row for row in rows.values() if row.region in until):
            moment = min(now, until[row.region])
            if local_date(moment, row.region) == row.service_date:
                tomorrow = rows.get(f"{row.region}/{row.opd}/{row.service_date + timedelta(days=1)}")
                behind = self._view.behind(row.region)
                yield from samples(opd_now(row.region, row.opd, Rows(row, tomorrow), moment, behind), row)
        for region, at in until.items():
            yield Sample("piket_view_watermark_timestamp_seconds", (region,), at.timestamp())


def samples(opd: OpdNow, row: Coverage) -> Iterator[Sample]:
    """All values of one OPD."""
    here = (opd.region, opd.opd)
    for state in State:
        yield Sample("piket_opd_coverage_state", (*here, state), float(state is opd.state))
    yield Sample("piket_office_open", here, float(any(post.required for post in opd.posts)))
    for mode in row.modes:
        yield Sample("piket_opd_present_staff", (*here, mode), opd.modes.get(mode, 0))
    for service, post in services(opd.units).items():
        for name, count in _STAFF.items():
            yield Sample(name, (*here, service), count(post))


_STAFF: Mapping[str, Callable[[PostNow], int]] = {
    "piket_service_required_staff": lambda post: post.required,
    "piket_service_planned_staff": lambda post: post.planned,
    "piket_service_present_staff": lambda post: post.on_site,
}


def services(units: Sequence[UnitNow]) -> Mapping[str, PostNow]:
    """The weakest post of every unit that has posts; never a sum, in which an empty counter hides behind a full one."""
    serving = [unit for unit in units if unit.posts]
    named = serving if len(serving) <= SERVICES_AN_OPD else serving[: SERVICES_AN_OPD - 1]
    posts: dict[str, list[PostNow]] = defaultdict(list)
    for unit in serving:
        posts[unit.unit if unit in named else OTHER] += unit.posts
    return {service: min(of_service, key=_weakness) for service, of_service in posts.items()}


def _weakness(post: PostNow) -> tuple[int, int]:
    return post.on_site - post.required, PRESSING[post.state]
