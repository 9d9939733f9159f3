"""Compares the coverage view with rows computed from the stores (`piket reconcile`).

Events that arrive meanwhile cause no false difference: rows are compared only after the view is complete up to the
store positions at the start, and each row is compared with those facts plus the later ones that its watermark includes.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from time import monotonic

from prometheus_client import Gauge
from rich.console import Console

from deploy.operations.expected_rows import ExpectedRows
from services.reporting.view.consumer import follow_coverage
from services.reporting.view.readiness import view_part
from services.reporting.view.rows import CoverageView
from shared.background import background_task
from shared.clock import wall_time
from shared.health.parts import ANSWERS
from shared.health.readiness import Part, PartState, Readiness, Report
from shared.kafka import broker
from shared.kafka.connection import connection_of
from shared.kafka.errors import UnsafeToContinue
from shared.metrics.server import serve_metrics
from shared.settings import Settings

DIVERGENT = Gauge("piket_view_divergent_opds", "OPD whose rows are not as their stored facts make them", ("region",))
COMPARED = Gauge("piket_view_compared_timestamp_seconds", "When the view was last compared", ("region",))

CATCH_UP_S = 20.0
"""Maximum time until the view must have reached the store positions."""


class ViewBehind(UnsafeToContinue):
    """The view did not reach the store positions in time, so it cannot be compared."""


async def reconcile(settings: Settings, every: float | None, console: Console) -> int:
    """Compare once and return 1 if a row differs, or compare every `every` seconds until cancelled.

    Raise `UnsafeToContinue`, `Unavailable` or KafkaError.
    """
    regions = settings.region_list()
    broker.silence_client_logs()
    view = CoverageView(settings.domain_clock(), regions, settings.partitions)
    expected_by_region = [ExpectedRows(settings, region) for region in regions]
    for expected in expected_by_region:
        await expected.positions()  # reports a missing store before anything else is started
    await broker.check_topics(connection_of(settings), regions, settings.partitions)
    async with background_task(follow_coverage(view, connection_of(settings), regions, settings.partitions)):
        if every is None:
            # A list, not a generator: the other regions are compared, too, after the first difference.
            return int(any([await compare_region(view, expected, console) for expected in expected_by_region]))
        for region in regions:
            COMPARED.labels(region)  # at 0, so that a region that is never compared is noticed
        serve_metrics(
            settings.metrics_port, "reconcile", settings.metrics_host, readiness_answer(view, expected_by_region)
        )
        while True:
            for expected in expected_by_region:
                await _compare_or_report(view, expected, console)
            await asyncio.sleep(every)


def readiness_answer(view: CoverageView, expected_by_region: Sequence[ExpectedRows]) -> Callable[[], Report]:
    """Return the function that answers `/readyz`: the view was loaded, and the stores answer."""
    stores = [Part(f"stores of {expected.region}", partial(_check_stores, expected)) for expected in expected_by_region]
    return partial(Readiness([view_part(view), *stores]).report_from_thread, asyncio.get_running_loop())


async def _check_stores(expected: ExpectedRows) -> PartState:
    await expected.positions()
    return ANSWERS


async def _compare_or_report(view: CoverageView, expected: ExpectedRows, console: Console) -> None:
    try:
        await compare_region(view, expected, console)
    except ViewBehind as error:
        console.print(str(error))


async def compare_region(view: CoverageView, expected: ExpectedRows, console: Console) -> int:
    """Compare the rows of one region, print the differences, set the metrics, and return how many OPD differ."""
    with console.status(f"{expected.region}: waiting until the view has caught up with the stores …") as status:
        positions = await expected.positions()
        await _wait_until_current(view, expected.region, positions.at)
        rows = {key: row for key, row in view.rows.items() if row.region == expected.region}
        async for count in expected.read_new_events():
            status.update(f"{expected.region}: {count:,} stored events")
        status.update(f"{expected.region}: {len(rows):,} rows")
        # In a thread: the consumer of the view must continue to run, because the next region waits for it.
        differences = await asyncio.to_thread(lambda: list(expected.compare(rows, positions.heads)))
    opds = {difference.opd for difference in differences}
    DIVERGENT.labels(expected.region).set(len(opds))
    COMPARED.labels(expected.region).set(wall_time().timestamp())
    for difference in differences:
        console.print(str(difference), soft_wrap=True)
    console.print(f"{expected.region}: {len(rows):,} rows, {len(opds)} OPD differ from what is stored.")
    return len(opds)


async def _wait_until_current(view: CoverageView, region: str, at: datetime) -> None:
    """Wait until the view is complete up to an instant. Raise `ViewBehind` if this takes too long."""
    deadline = monotonic() + CATCH_UP_S
    while not view.ready or view.current_until(region) < at:
        if monotonic() > deadline:
            raise ViewBehind(
                f"{region}: the view lacks events that were stored {CATCH_UP_S:.0f} s ago; it is complete until "
                f"{view.current_until(region)}. Nothing was compared; check that relay and worker run."
            )
        await asyncio.sleep(0.1)
