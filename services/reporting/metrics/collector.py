"""Collects the gauges of one region from the view at each scrape."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from services.reporting.domain.efficiency.estimates import EstimationFactors
from services.reporting.domain.status.current_status import StatusRows, opd_status
from services.reporting.metrics.coverage import coverage_samples
from services.reporting.metrics.efficiency import region_samples, share_samples
from services.reporting.metrics.families import MetricSample, gauge_families
from services.reporting.view.rows import CoverageView
from shared.clock import Clock
from shared.domain.facts.coverage import Coverage
from shared.domain.places import government_of
from shared.domain.regions import epoch_minute, local_date, midnight_minute, region_timezone


class RegionCollector(Collector):
    """The gauges of one region. Register it once, in a registry of its own."""

    def __init__(self, view: CoverageView, now: Clock, region: str, factors: EstimationFactors) -> None:
        self._view, self._now, self._region, self._factors = view, now, region, factors

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Return all gauges with their current values."""
        return gauge_families(self._samples())

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Return the gauges without values: registering must not compute them."""
        return gauge_families(())

    def _samples(self) -> Iterator[MetricSample]:
        yield from self._view_samples()
        # Minutes after the last complete instant are not judged: missing events would look like missing people.
        instant = min(self._now(), self._view.current_until(self._region))
        today = local_date(instant, self._region)
        rows_by_opd = self._rows_by_opd()
        for rows in rows_by_opd.values():
            yield from share_samples(rows, today)
            yield from self._coverage_samples({row.service_date: row for row in rows}, instant, today)
        of_today = [row for rows in rows_by_opd.values() for row in rows if row.service_date == today]
        minute = epoch_minute(instant) - midnight_minute(today, region_timezone(self._region))
        yield from region_samples(self._region, of_today, minute, self._factors)

    def _view_samples(self) -> Iterator[MetricSample]:
        region, view = self._region, self._view
        yield MetricSample("piket_view_watermark_timestamp_seconds", (region,), view.current_until(region).timestamp())
        yield MetricSample("piket_view_behind_seconds", (region,), view.seconds_behind(region))
        place = government_of(region)
        # Without a position a region is in every table, but on no map.
        position = (str(place.lat), str(place.lng)) if place.is_located else ("", "")
        yield MetricSample("piket_region_info", (region, place.name, *position), 1)

    def _coverage_samples(
        self, rows: Mapping[date, Coverage], instant: datetime, today: date
    ) -> Iterator[MetricSample]:
        if row := rows.get(today):
            pair = StatusRows(row, rows.get(today + timedelta(days=1)))
            behind = self._view.behind_since(self._region)
            yield from coverage_samples(opd_status(self._region, row.opd, pair, instant, behind), row)

    def _rows_by_opd(self) -> Mapping[str, Sequence[Coverage]]:
        rows: dict[str, list[Coverage]] = defaultdict(list)
        for row in self._view.rows.values():
            if row.region == self._region:
                rows[row.opd].append(row)
        return rows
