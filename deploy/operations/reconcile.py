"""`piket reconcile`: the view that readers see against a fold of the stores.

A system that moves shows no false divergence: a row is compared when the view says that it has missed nothing of what
the stores held at the beginning, and by exactly those facts and what came into the row since.
"""

import asyncio
from datetime import datetime
from time import monotonic

from prometheus_client import REGISTRY, Gauge
from rich.console import Console

from deploy.operations.expected_rows import Books
from services.reporting.view.consumer import follow
from services.reporting.view.rows import View
from shared.background import alongside
from shared.clock import wall
from shared.kafka import broker
from shared.settings import Settings
from shared.telemetry import serve_metrics

DIVERGENT = Gauge("piket_view_divergent_opds", "OPD whose rows are not as their stored facts make them", ("region",))
COMPARED = Gauge("piket_view_compared_timestamp_seconds", "When the view was last compared", ("region",))

WITHIN_S = 20.0
"""For so long a view may be behind what is stored."""


class Behind(broker.Refused):
    """The view does not reach what is stored: nothing can be said of it."""


async def reconcile(settings: Settings, every: float | None, console: Console) -> int:
    """Compare once, or for ever: answers 1 if anything differs. Raises `Refused`, `Unavailable`, KafkaError."""
    regions = settings.region_list()
    broker.quiet_client()
    view, books = View(settings.now(), regions, settings.partitions), [Books(settings, region) for region in regions]
    for each in books:
        await each.stand()  # a store that is away, or is none, is told before anything else
    await broker.check_topics(settings.kafka, regions, settings.partitions)
    async with alongside(follow(view, settings.kafka, regions, settings.partitions)):
        if every is None:
            return int(any([await compared(view, each, console) for each in books]))
        serve_metrics(settings.metrics_port, REGISTRY)
        while True:
            for each in books:
                await _compared_or_behind(view, each, console)
            await asyncio.sleep(every)


async def _compared_or_behind(view: View, books: Books, console: Console) -> None:
    try:
        await compared(view, books, console)
    except Behind as behind:
        console.print(str(behind))


async def compared(view: View, books: Books, console: Console) -> int:
    """Compare the rows of one region, print what differs, and set the metrics; answers how many OPD differ."""
    with console.status(f"{books.region}: the view catches up with the stores …") as status:
        stand = await books.stand()
        await _current(view, books.region, stand.at)
        rows = {key: row for key, row in view.rows.items() if row.region == books.region}
        async for count in books.read_on():
            status.update(f"{books.region}: {count:,} stored events")
        status.update(f"{books.region}: {len(rows):,} rows")
        found = await asyncio.to_thread(lambda: list(books.compare(rows, stand.heads)))
    opds = {each.opd for each in found}
    DIVERGENT.labels(books.region).set(len(opds))
    COMPARED.labels(books.region).set(wall().timestamp())
    for each in found:
        console.print(str(each), soft_wrap=True)
    console.print(f"{books.region}: {len(rows):,} rows, {len(opds)} OPD differ from what is stored.")
    return len(opds)


async def _current(view: View, region: str, at: datetime) -> None:
    """Wait until the view has missed nothing that was recorded before an instant. Raises `Behind`."""
    deadline = monotonic() + WITHIN_S
    while not view.ready or view.current_until(region) < at:
        if monotonic() > deadline:
            raise Behind(
                f"{region}: the view has not reached what was stored {WITHIN_S:.0f} s ago, it is complete until "
                f"{view.current_until(region)}. Nothing was compared; see that relay and worker run."
            )
        await asyncio.sleep(0.1)
