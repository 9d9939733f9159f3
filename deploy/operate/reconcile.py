"""`piket reconcile`: the view that readers see against a fold of the stores.

A system that moves shows no false divergence: a row is compared when the view says that it has missed nothing of what
the stores held at the beginning, and by exactly those facts and what came into the row since.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import date, datetime, timedelta
from time import monotonic

from prometheus_client import REGISTRY, Gauge
from rich.console import Console

from deploy.operate.sources import store_of
from services.reporting.agreement import Parted, parted
from services.reporting.factset import FactSet
from services.reporting.feeding import follow
from services.reporting.pulse import READ
from services.reporting.view import View
from shared import kafka
from shared.background import alongside
from shared.clock import wall
from shared.events import Event, Undecodable, decode, source
from shared.facts.coverage import Coverage
from shared.regions import local_date
from shared.settings import Settings
from shared.telemetry import serve_metrics

DIVERGENT = Gauge("piket_view_divergent_opds", "OPD whose rows are not as their stored facts make them", ("region",))
COMPARED = Gauge("piket_view_compared_timestamp_seconds", "When the view was last compared", ("region",))

KEPT = timedelta(milliseconds=int(kafka.VIEW["retention.ms"])) - timedelta(days=1)
"""Older rows may have left the topic."""
WITHIN_S = 20.0
"""For so long a view may be behind what is stored."""
PAGE = 1000


class Behind(kafka.Refused):
    """The view does not reach what is stored: nothing can be said of it."""


class Books:
    """The facts of one region as its stores tell them, and the rows that they make."""

    def __init__(self, settings: Settings, region: str) -> None:
        self.region = region
        self._stores = {service: store_of(settings, service) for service in READ}
        self._read = dict.fromkeys(READ, 0)
        self._since = local_date(settings.now()(), region) - KEPT
        self._facts: defaultdict[str, FactSet] = defaultdict(lambda: FactSet(self._since))
        self._agreed: dict[str, tuple[Coverage | None, int]] = {}

    async def settled(self) -> tuple[Mapping[str, int], datetime]:
        """The last sequence of every source now, and until when nothing else was recorded. Raises `Unavailable`."""
        stands = {service: await store.settled(self.region) for service, store in self._stores.items()}
        heads = {source(self.region, service): stand.sequence for service, stand in stands.items()}
        return heads, max(stand.at for stand in stands.values())

    async def read_on(self) -> AsyncIterator[int]:
        """Take in what the stores hold by now; yields how many events were read so far."""
        for service, store in self._stores.items():
            while page := await store.read_feed(self.region, self._read[service], PAGE):
                for stored in page:
                    self._add(stored.body)
                self._read[service] = page[-1].sequence
                yield sum(self._read.values())

    def _add(self, body: bytes) -> None:
        try:
            event = decode(body)
        except Undecodable:  # the worker puts it aside as well
            return
        self._facts[event.partitionkey].add(event)

    def compare(self, rows: Mapping[str, Coverage], heads: Mapping[str, int]) -> Iterator[Parted]:
        """Every row that is not as its facts make it: those up to `heads`, and what the row says it has seen since."""
        due = {(opd, day) for opd, facts in self._facts.items() if not opd.endswith("/-") for day in facts.dates()}
        shown = {(f"{row.region}/{row.opd}", row.service_date): row for row in rows.values()}
        for opd, day in sorted(due | shown.keys()):
            row, count = shown.get((opd, day)), len(self._facts[opd])
            if day < self._since or self._agreed.get(f"{opd}/{day}") == (row, count):
                continue
            upto = {**heads, **{s: max(n, heads.get(s, 0)) for s, n in (row.watermark if row else {}).items()}}
            if difference := parted(row, self._due(opd, day, upto)):
                yield difference
            else:
                self._agreed[f"{opd}/{day}"] = (row, count)

    def _due(self, opd: str, day: date, upto: Mapping[str, int]) -> Coverage | None:
        facts = FactSet(self._since)
        for event in self._facts[opd].of(day):
            if counts(event) and event.sequence <= upto.get(event.source, 0):
                facts.add(event)
        region, code = opd.split("/")
        return facts.row(region, code, day, upto) if day in facts.dates() else None


def counts(_: Event) -> bool:
    """Whether a worker's row is made of this fact: of all of them."""
    return True


async def reconcile(settings: Settings, every: float | None, console: Console) -> int:
    """Compare once, or for ever: answers 1 if anything differs. Raises `Refused`, `Unavailable`, KafkaError."""
    regions = settings.region_list()
    kafka.quiet_client()
    view, books = View(settings.now(), regions, settings.partitions), [Books(settings, region) for region in regions]
    for each in books:
        await each.settled()  # a store that is away, or is none, is told before anything else
    await kafka.check_topics(settings.kafka, regions, settings.partitions)
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
        heads, at = await books.settled()
        await _current(view, books.region, at)
        rows = {key: row for key, row in view.rows.items() if row.region == books.region}
        async for count in books.read_on():
            status.update(f"{books.region}: {count:,} stored events")
        status.update(f"{books.region}: {len(rows):,} rows")
        found = await asyncio.to_thread(lambda: list(books.compare(rows, heads)))
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
