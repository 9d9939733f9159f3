"""Measures the scrapes of a province: 1,350 OPD over 28 regions in one process, an endpoint for each region.

The anchor is the same number of plain gauges of `prometheus_client`, which hold their values and compute nothing.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from http.client import HTTPConnection
from statistics import median

from prometheus_client import CollectorRegistry, Gauge

from deploy.local.server_process import free_ports
from services.reporting.domain.efficiency.estimates import estimation_factors
from services.reporting.metrics.collector import RegionCollector
from services.reporting.view.rows import CoverageView
from shared.domain.facts.coverage import Coverage, HomeShare, PostCoverage, UnitCoverage
from shared.domain.places import governments
from shared.metrics.server import REGION_REGISTRIES, serve_metrics
from tests.bench.report import ratio, table
from tests.support.example_facts import THURSDAY, at

OPDS, UNITS, POSTS, DATES = 1_350, 5, 3, 4
NOW = at("09:10")
MAX_MS, MAX_SAMPLES = 150, 20_000
PIKET, ANCHOR = "a region's endpoint, slowest of 28", "as many plain gauges"


def province_rows() -> Iterator[Coverage]:
    """Yield the rows of all OPD on the dates that a view holds; the OPD are spread evenly over the regions."""
    regions = list(governments())
    for number in range(OPDS):
        for day in range(DATES):
            yield _row(regions[number % len(regions)], f"OPD-{number}", day)


def _row(region: str, opd: str, day: int) -> Coverage:
    # Ten changes in each lane, as after a morning of arrivals and breaks.
    steps = tuple((450 + 12 * n, 1 + n % 3) for n in range(10))
    post = PostCoverage(required=((480, 2), (900, 0)), planned=steps, known=steps, restated=steps)
    posts = {f"LOKET-{n}": post for n in range(POSTS)}
    return Coverage(
        region=region,
        opd=opd,
        service_date=THURSDAY + timedelta(days=day - DATES + 2),
        definition=1,
        revision=1,
        units={f"UNIT-{n}": UnitCoverage(rostered=True, posts=posts) for n in range(UNITS)},
        modes=dict.fromkeys(("WFO", "WFH", "WFA", "AWAY"), steps),
        home=HomeShare(present=300, at_home=140, allowed=150),
    )


def serve_province(port: int) -> Callable[[], None]:
    """Serve the endpoints of all regions on a port; return a function that stops it."""
    view = CoverageView(lambda: NOW)
    view.apply_rows(province_rows())
    view.mark_complete()
    for region in governments():
        REGION_REGISTRIES[region] = registry = CollectorRegistry()
        registry.register(RegionCollector(view, lambda: NOW, region, estimation_factors(None, None)))
    return serve_metrics(port, "app")


def register_anchor(samples: int) -> None:
    """Serve as many plain gauges as the largest region has samples, as the region `anchor`."""
    REGION_REGISTRIES["anchor"] = registry = CollectorRegistry()
    gauge = Gauge("piket_anchor", "Plain gauges", ("region", "opd", "service"), registry=registry)
    for number in range(samples):
        gauge.labels("32", f"OPD-{number}", "UNIT-1").set(number)


def scrape(port: int, region: str) -> tuple[float, int]:
    """Return the milliseconds of a scrape over HTTP and its number of samples."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    started_at = time.perf_counter()
    connection.request("GET", f"/metrics/{region}")
    body = connection.getresponse().read()
    elapsed = (time.perf_counter() - started_at) * 1000
    connection.close()
    return elapsed, sum(not line.startswith(b"#") for line in body.splitlines())


def run(rounds: int) -> None:
    """Print the slowest scrape and the most samples of a region, beside the limits and the anchor."""
    (port,) = free_ports(1)
    stop = serve_province(port)
    samples = {region: scrape(port, region)[1] for region in governments()}
    register_anchor(max(samples.values()))
    runs: Mapping[str, list[float]] = {ANCHOR: [], PIKET: []}
    for _ in range(rounds):
        runs[ANCHOR].append(scrape(port, "anchor")[0])
        runs[PIKET].append(max(scrape(port, region)[0] for region in governments()))
    stop()
    print(table("Scrapes of 1,350 OPD over 28 regions", "ms", runs))
    print(_limits_text(runs[PIKET], list(samples.values()), ratio(runs, PIKET, ANCHOR)), flush=True)


def _limits_text(slowest: Sequence[float], samples: Sequence[int], to_anchor: float) -> str:
    kept = median(slowest) <= MAX_MS and max(samples) <= MAX_SAMPLES
    return (
        f"  {sum(samples):,} samples in all, at most {max(samples):,} of {MAX_SAMPLES:,} and {median(slowest):,.0f} of"
        f" {MAX_MS} ms a scrape, {to_anchor:.1f} times the anchor: {'within' if kept else 'NOT within'} the limits"
    )


if __name__ == "__main__":
    run(5)
