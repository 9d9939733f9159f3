"""Facts in, coverage rows out: every fact folds into the set of its OPD, and every row it touches is published.

Read downwards: `process` takes a batch, `_fold` adds its facts, `flush` makes durable what that touched, and only then
acknowledges. Facts form sets, so a repeat changes nothing; its rows are published all the same, because a kill may have
come between fact and row. Days whose facts can change no more are closed: forgotten here, deleted from the changelog.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from services.reporting.domain.partitions.partition_state import Held, Place, Row, Touched
from services.reporting.faust_batches.batch import Batch
from services.reporting.worker.metrics import counted
from services.reporting.worker.pending import Folded
from services.reporting.worker.publisher import Outlet
from shared.domain.envelope import Undecodable, envelope
from shared.domain.facts.heartbeat import Positions
from shared.kafka.dead_letters import dead_letter

log = logging.getLogger(__name__)

WAITING = 50_000
"""Records folded and not yet durable: with more, no batch is taken, and soon none is fetched."""
COALESCE_S = 0.1
"""Pause between flushes: however many facts touch a row, it is published once in this time."""
AGAIN = 20
"""OPD of which the next flush publishes all rows at most, after an assignment: what is new must not wait for them."""


class Gap(Exception):
    """Records were skipped: a batch does not begin where the last one of its partition ended."""


class Processor:
    """The facts of the partitions that this worker holds, and the batches that are not durable yet.

    `sources` names the one source of each topic that is read; of dates before `since` no rows are made; `staged` rows
    are written beside those that readers see.
    """

    def __init__(self, sources: Mapping[str, str], since: date | None = None, *, staged: bool = False) -> None:
        self._sources = sources
        self._held = Held(sources, since, staged=staged)
        self.recover, self.pace = self._held.recover, self._held.pace
        self.positions: dict[Any, int] = {}
        self._durable: dict[Any, int] = {}
        self._assignment, self._folded = 0, Folded()
        self._changed = asyncio.Condition()
        self._writing, self._paused = asyncio.Lock(), False

    async def process(self, stream: AsyncIterable[Any]) -> None:
        """Fold every batch of a Faust stream of events that are acknowledged by hand."""
        async for event in stream:
            await self.take(event.value, event.ack)

    async def take(self, batch: Batch, acknowledge: Callable[[], object]) -> None:
        """Fold one batch, then wait while too much is not being made durable yet. Raises `Gap`."""
        self._follows(batch)
        self._fold(batch)
        self._folded.acknowledge.append(acknowledge)
        async with self._changed:
            self._changed.notify_all()
            await self._changed.wait_for(lambda: self._folded.records < WAITING)

    def _follows(self, batch: Batch) -> None:
        """Refuse a skip, whatever its cause: once committed over, it would never be read again."""
        expected = self.positions.get(batch.tp) if batch.begins is None else batch.begins
        first, after = batch.records[0].offset, batch.records[-1].offset + 1
        if first != expected or after - first != len(batch.records):
            raise Gap(f"{batch.tp.topic}/{batch.tp.partition} goes on at offset {first}, not {expected}")
        self.positions[batch.tp] = self._folded.positions[batch.tp] = after

    def _fold(self, batch: Batch) -> None:
        source, (topic, partition) = self._sources[batch.tp.topic], batch.tp
        place = Place(topic.split(".")[1], partition)
        known, kept, touched = self._held.at(place), self._folded.facts[partition], self._folded.touched
        self._folded.places.add(place)
        last: bytes | None = None
        bad = 0
        for record in batch.records:
            try:
                fact = known.read(record.value or b"", source, record.key)
            except Undecodable as why:
                self._folded.unreadable.append((place.region, dead_letter(batch.tp, record, why.reason)))
                bad += 1
                continue
            dates, last = known.add(fact), record.value
            if dates is not None:
                touched[Touched(place, fact.key)].update(dates)
                kept.append(Row(b"%b|%b" % (fact.key, fact.id.hex().encode()), record.value))
        if last:
            known.reach(envelope(last))
        self._folded.records += len(batch.records)
        counted(topic, place.region, {"folded": len(batch.records) - bad, "unreadable": bad}, known.outcomes)
        known.outcomes.clear()

    async def flush(self, outlet: Outlet) -> None:
        """Make folded batches durable and acknowledge them, for ever."""
        while True:
            await self.flush_once(outlet)
            await asyncio.sleep(COALESCE_S)

    async def flush_once(self, outlet: Outlet) -> None:
        """Make durable what is folded, at least one batch or row; then acknowledge it, oldest first."""
        async with self._changed:
            await self._changed.wait_for(self._work)
            for touched, dates in self._held.again(AGAIN):
                self._folded.touched[touched].update(dates)
            folded, self._folded, assignment = self._folded, Folded(), self._assignment
            self._changed.notify_all()
        for place in folded.places | {touched.place for touched in folded.touched}:
            folded.facts[place.partition] += self._held.state(place)
        async with self._writing:
            await asyncio.gather(
                *(outlet.keep(partition, facts) for partition, facts in folded.facts.items() if facts),
                *(outlet.put_aside(*letter) for letter in folded.unreadable),
                self._publish(folded.touched, outlet),
            )
        self._folded.places |= self._held.shown()
        if assignment == self._assignment:
            self._durable |= folded.positions
        for acknowledge in folded.acknowledge:
            acknowledge()

    def _work(self) -> bool:
        folded = self._folded
        return not self._paused and bool(folded.places or folded.touched or folded.facts or self._held.waits())

    async def _publish(self, touched: Mapping[Touched, Iterable[date]], outlet: Outlet) -> None:
        sent = []
        for each, dates in sorted(touched.items()):
            for row in filter(None, (self._held.row(each, day) for day in sorted(dates))):
                sent.append(asyncio.create_task(outlet.publish(each.place.partition, row)))
                await asyncio.sleep(0)  # a row takes milliseconds: others have their turn in between
        await asyncio.gather(*sent)

    async def close_days(self) -> None:
        """Forget days whose facts can change no more, between two flushes; the next one writes what is gone."""
        async with self._writing:
            for partition, row in self._held.close_days(self._folded.touched):
                self._folded.facts[partition].append(row)
        async with self._changed:
            self._changed.notify_all()

    async def pause(self) -> None:
        """Write nothing from now on until `publish_all`: another worker may own the partitions. Waits for the wire."""
        async with self._writing:
            self._paused = True
            self._assignment += 1

    def drop(self, partition: int) -> None:
        """Forget a partition that another worker has now, also what was to be written of it: it writes that itself."""
        self._held.drop(partition)
        self._folded.facts.pop(partition, None)
        self._newly_assigned()

    def _newly_assigned(self) -> None:
        self._assignment += 1
        self._durable.clear()

    def words(self, begins: Mapping[Any, int | None], wall: datetime) -> list[Positions]:
        """How far the partitions held are durable. `begins`: where one starts of which nothing was handed out yet.

        Nothing of one whose rows were staged: after a switch readers do not see them all at once.
        """
        positions: defaultdict[Place, dict[str, int]] = defaultdict(dict)
        for tp, begin in begins.items():
            durable = self._durable.get(tp) if begin is None else begin
            if tp.topic in self._sources and durable is not None:
                _, region, service, _ = tp.topic.split(".")
                positions[Place(region, tp.partition)][service] = durable
        in_view = {place: told for place, told in positions.items() if self._held.in_view(place)}
        return [Positions(region=r, partition=n, positions=told, wall=wall) for (r, n), told in in_view.items()]

    async def publish_all(self, sound: Awaitable[object]) -> None:
        """Publish all rows of new partitions once they are found `sound`: what was killed before its row shows now."""
        self._newly_assigned()
        assignment = self._assignment
        await sound
        async with self._changed:
            if assignment != self._assignment:
                return  # revoked meanwhile
            again = self._held.show_again()
            log.info("Assigned: the facts are there; publishing all rows of %d OPD of new partitions.", again)
            self._paused = False
            self._changed.notify_all()
