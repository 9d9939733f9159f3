"""The facts of one region as its stores tell them, and the rows that are due by them."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple

from deploy.operate.generations import OPEN
from deploy.operate.sources import store_of
from services.reporting.agreement import Parted, parted
from services.reporting.factset import FactSet
from services.reporting.known import NO_OPD
from services.reporting.lanes import around
from services.reporting.pulse import READ
from shared import kafka
from shared.events import Event, Undecodable, decode, source
from shared.facts.coverage import Coverage
from shared.regions import local_date
from shared.settings import Settings

KEPT = timedelta(milliseconds=int(kafka.VIEW["retention.ms"])) - timedelta(days=1)
"""Older rows may have left the topic."""
NIGHT = timedelta(days=1)
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
        self._since = local_date(settings.now()(), region) - KEPT
        self._facts: defaultdict[str, _Facts] = defaultdict(_Facts)
        self._agreed: dict[str, tuple[Coverage | None, int]] = {}

    async def stand(self) -> Stand:
        """Where the stores stand now. Raises `Unavailable`."""
        settled = {service: await store.settled(self.region) for service, store in self._stores.items()}
        heads = {source(self.region, service): told.sequence for service, told in settled.items()}
        return Stand(heads, max(told.at for told in settled.values()))

    async def read_on(self) -> AsyncIterator[int]:
        """Take in what the stores hold by now; yields how many events were read so far."""
        for service, store in self._stores.items():
            while page := await store.read_feed(self.region, self._read[service], PAGE):
                for stored in page:
                    self.take_in(stored.body)
                self._read[service] = page[-1].sequence
                yield sum(self._read.values())

    def take_in(self, body: bytes) -> None:
        """Keep the fact of an event; bytes that are none are put aside by the worker as well."""
        try:
            event = decode(body)
        except Undecodable:
            return
        if not event.partitionkey.endswith(NO_OPD):
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
            else:
                self._agreed[key] = (row, len(facts))


class _Facts:
    """The facts of one OPD: by the date that they are about, or under None those that last."""

    def __init__(self) -> None:
        self._about: defaultdict[date | None, list[Event]] = defaultdict(list)

    def add(self, event: Event, since: date) -> None:
        """Keep a fact that can matter to a row from `since` on."""
        day = getattr(event.data, "work_date", None) or getattr(event.data, "tap_date", None)
        if day is None or day >= since - NIGHT:
            self._about[day].append(event)

    def days(self) -> set[date]:
        """Every date that may have a row."""
        return {touched for day in self._about if day for touched in (day, day + NIGHT)}

    def row(self, opd: str, day: date, seen: Mapping[str, int], heads: Mapping[str, int]) -> Coverage | None:
        """The row that is due; None when no shift or accepted tap falls on its date."""
        facts, (region, code) = FactSet(), opd.split("/")
        for fact in (fact for about in (None, *around(day)) for fact in self._about.get(about, ())):
            stored_in_time = fact.sequence <= heads.get(fact.source, 0) and counts(fact, day)
            if stored_in_time or fact.sequence <= seen.get(fact.source, 0):
                facts.add(fact)
        return facts.row(region, code, day, seen) if day in facts.dates() else None

    def __len__(self) -> int:
        return sum(map(len, self._about.values()))


def counts(fact: Event, day: date) -> bool:
    """Whether a fact was recorded while the row of a service date was open."""
    return local_date(fact.recordedtime, fact.data.region) <= day + OPEN
