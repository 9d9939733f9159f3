"""The facts of one region as its stores tell them, and the rows that are due by them."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple

from deploy.operations.sources import store_of
from services.reporting.domain.coverage.duties import around
from services.reporting.domain.coverage.fact_set import FactSet
from services.reporting.domain.fact_store.compact import DAY, LIVE_DAYS, Fact, day_of, lean
from services.reporting.domain.freshness import READ
from services.reporting.domain.partitions.region_state import NO_OPD
from services.reporting.domain.row_diff import Parted, parted
from shared.domain.envelope import Event, Undecodable, decode, source
from shared.domain.facts.coverage import Coverage
from shared.domain.regions import local_date
from shared.kafka import broker
from shared.settings import Settings

KEPT = timedelta(milliseconds=int(broker.VIEW["retention.ms"])) - timedelta(days=1)
"""Older rows may have left the topic."""
PAGE = 1000


class Stand(NamedTuple):
    """The last sequence of every source of a region, and an instant until which nothing else was recorded."""

    heads: Mapping[str, int]
    at: datetime


class Books:
    """What the stores of one region hold of the days whose rows are kept."""

    def __init__(self, settings: Settings, region: str) -> None:
        self.region = region
        self._stores = {service: store_of(settings, service) for service in READ}
        self._read = dict.fromkeys(READ, 0)
        self._now = settings.now()
        self._since = date.min
        self._facts: defaultdict[str, _Facts] = defaultdict(_Facts)
        self._agreed: dict[str, tuple[Coverage | None, int]] = {}

    async def stand(self) -> Stand:
        """Where the stores stand now. Raises `Unavailable`."""
        settled = {service: await store.settled(self.region) for service, store in self._stores.items()}
        heads = {source(self.region, service): told.sequence for service, told in settled.items()}
        return Stand(heads, max(told.at for told in settled.values()))

    async def read_on(self) -> AsyncIterator[int]:
        """Take in what the stores hold by now; yields how many events were read so far."""
        self.move_on()
        for service, store in self._stores.items():
            while page := await store.read_feed(self.region, self._read[service], PAGE):
                for stored in page:
                    self.take_in(stored.body)
                self._read[service] = page[-1].sequence
                yield sum(self._read.values())

    def move_on(self) -> None:
        """Forget the days whose rows may have left the topic by now."""
        self._since = local_date(self._now(), self.region) - KEPT
        for facts in self._facts.values():
            facts.forget(self._since)
        self._agreed = {key: agreed for key, agreed in self._agreed.items() if key[-10:] >= str(self._since)}

    def take_in(self, body: bytes) -> None:
        """Keep the fact of an event; bytes that are none are put aside by the worker as well."""
        try:
            event = decode(body)
        except Undecodable:
            return
        if not event.partitionkey.endswith(NO_OPD.decode()):
            self._facts[event.partitionkey].add(event, self._since)

    def compare(self, rows: Mapping[str, Coverage], heads: Mapping[str, int]) -> Iterator[Parted]:
        """Every row that is not as the facts make it: those up to `heads`, and what the row says it has seen since.

        A closed day is not touched any more by what is recorded after it, unless its row says that it has seen it.
        """
        shown: defaultdict[str, dict[date, Coverage]] = defaultdict(dict)
        for row in rows.values():
            shown[f"{row.region}/{row.opd}"][row.service_date] = row
        for opd in sorted(self._facts.keys() | shown.keys()):
            yield from self._compare(opd, shown[opd], heads)

    def _compare(self, opd: str, shown: Mapping[date, Coverage], heads: Mapping[str, int]) -> Iterator[Parted]:
        facts = self._facts[opd]
        for day in sorted(day for day in {*facts.days(), *shown} if day >= self._since):
            row, key = shown.get(day), f"{opd}/{day}"
            if self._agreed.get(key) == (row, len(facts)):
                continue
            if difference := parted(row, facts.row(opd, day, row.watermark if row else {}, heads)):
                yield difference
            elif facts.within(heads):  # one that is not compared yet may still be lost
                self._agreed[key] = (row, len(facts))


class Told(NamedTuple):
    """A fact, and where and when it was recorded."""

    fact: Fact
    source: str
    sequence: int
    recorded: date


class _Facts:
    """The facts of one OPD: by the date that they are about, or under None those that last."""

    def __init__(self) -> None:
        self._about: defaultdict[date | None, list[Told]] = defaultdict(list)
        self._last: dict[str, int] = {}

    def add(self, event: Event, since: date) -> None:
        """Keep a fact that can matter to a row from `since` on."""
        fact = lean(event)
        day = day_of(fact)
        self._last[event.source] = max(event.sequence, self._last.get(event.source, 0))
        if day is None or day >= since - DAY:
            recorded = local_date(event.recordedtime, event.data.region)
            self._about[day].append(Told(fact, event.source, event.sequence, recorded))

    def forget(self, since: date) -> None:
        """Let go of the facts that matter to no row from `since` on."""
        for day in [day for day in self._about if day and day < since - DAY]:
            del self._about[day]

    def within(self, heads: Mapping[str, int]) -> bool:
        """Whether no fact stands behind these sequences."""
        return all(last <= heads.get(source, 0) for source, last in self._last.items())

    def days(self) -> set[date]:
        """Every date that may have a row."""
        return {touched for day in self._about if day for touched in (day, day + DAY)}

    def row(self, opd: str, day: date, seen: Mapping[str, int], heads: Mapping[str, int]) -> Coverage | None:
        """The row that is due; None when no shift or accepted tap falls on its date.

        What lasts changes a row only while its day is open; what came too late for its date is left out by the set.
        """
        region, code = opd.split("/")
        facts = FactSet(region, code)
        for about in (None, *around(day)):
            for told in self._about.get(about, ()):
                in_time = told.sequence <= heads.get(told.source, 0) and (
                    about or told.recorded <= day + LIVE_DAYS * DAY
                )
                if in_time or told.sequence <= seen.get(told.source, 0):
                    facts.add(told.fact)
        return facts.row(day, seen) if day in facts.dates() else None

    def __len__(self) -> int:
        return sum(map(len, self._about.values()))
