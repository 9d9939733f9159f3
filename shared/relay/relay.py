"""The relay: moves the committed events of one source to its Kafka topic, in position order, at least once.

The store is the truth, and Kafka may be away. On any trouble the producer is thrown away and a new one resends from the
mark: an idempotent aiokafka producer does not recover from a sequence gap (aio-libs/aiokafka#1017).
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

import structlog
from aiokafka import AIOKafkaProducer
from prometheus_client import Gauge

from shared.domain import envelope
from shared.event_store.store import Stored
from shared.kafka import broker
from shared.relay import checkpoint, heartbeat, log_tail, sender
from shared.relay.checkpoint import Mark
from shared.relay.log_tail import Tail
from shared.relay.sender import Landed
from shared.relay.source import Source

PAGE = 1_000
IDLE_S = 0.03
PATIENCE_S = 20.0
BACK_OFF_S = (0.1, 0.2, 0.5, 1.0, 2.0)
SOURCE = ("service", "region")
BACKLOG = Gauge("piket_relay_backlog_events", "Stored events that are not in Kafka yet", SOURCE)
OLDEST = Gauge("piket_relay_oldest_unsent_seconds", "For how long there have been unsent events, wall time", SOURCE)

log = structlog.get_logger()


class LogAhead(broker.Refused):
    """The log tells what the store does not: the store was restored from an older copy."""


class FeedBroken(broker.Refused):
    """The feed left out a sequence: to go on would lose an event for every reader."""


class TopicRemade(Exception):
    """The topic was made anew under the producer: what it held before is gone."""


class Relay:
    """Sends one source of a region to its topic; a send that takes longer than `patience` seconds is given up.

    `path` is the mark's file, beside it lies the lease.
    """

    def __init__(
        self, source: Source, region: str, bootstrap: str, path: Path, *, patience: float = PATIENCE_S
    ) -> None:
        self._source, self._region, self._service = source, region, source.service
        self._topic, self._beats = envelope.topic(region, source.service), envelope.topic(region, "heartbeat")
        self._bootstrap, self._path = bootstrap, path
        self._patience, self._request_ms = patience, int(patience * 500)
        self._mark = Mark()
        self._ran = False
        self._failures = 0
        self._behind_since: float | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self._backlog = BACKLOG.labels(self._service, region)
        OLDEST.labels(self._service, region).set_function(
            lambda: monotonic() - self._behind_since if self._behind_since else 0
        )

    async def run(self) -> None:
        """Send for ever, once the lease is ours. Raises `kafka.Refused` when to go on would lose or falsify events."""
        broker.quiet_client()
        async with checkpoint.lease(self._path):
            self._mark = checkpoint.read(self._path)
            try:
                while True:
                    await self._attempt()
                    await asyncio.sleep(BACK_OFF_S[min(self._failures, len(BACK_OFF_S)) - 1])
            finally:
                if self._leaving:
                    await asyncio.wait(self._leaving, timeout=self._patience)

    async def _attempt(self) -> None:
        try:
            self._measure(await self._source.head(self._region) - self._mark.sequence)
            async with self._connected() as (producer, partitions), self._beating(producer) as beating:
                await self._pump(producer, partitions, beating)
        except broker.Refused as refused:
            if not (self._ran and isinstance(refused, broker.MissingTopics)):
                raise
            self._say_held_up(refused)
        except Exception as trouble:  # noqa: BLE001 - whatever it was, the events are stored: begin again from the mark
            self._say_held_up(trouble)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[tuple[AIOKafkaProducer, int]]:
        async with asyncio.timeout(self._patience):
            partitions = await self._compared()
        producer = broker.producer(self._bootstrap, self._request_ms)
        try:
            async with asyncio.timeout(self._patience):
                await producer.start()
            yield producer, partitions
        finally:
            leaving = asyncio.create_task(broker.discard(producer))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)

    @asynccontextmanager
    async def _beating(self, producer: AIOKafkaProducer) -> AsyncIterator[asyncio.Task[None]]:
        beating = asyncio.create_task(heartbeat.beat(producer, self._source, self._region, lambda: self._mark))
        try:
            yield beating
        finally:
            beating.cancel()
            await asyncio.wait([beating])

    async def _compared(self) -> int:
        """The topic's partition count, after the log was found to be a part of the store and the mark true."""
        sizes = await broker.topic_sizes(self._bootstrap, self._request_ms)
        if absent := {self._topic, self._beats} - sizes.keys():
            raise broker.absent_topics(absent)
        tails = await log_tail.read_tails(
            self._bootstrap, self._topic, sizes[self._topic], self._mark, self._request_ms
        )
        await self._check_known(log_tail.highest(tails))
        if log_tail.shortened(self._mark, tails):
            self._step_back(log_tail.resume(self._mark, tails), tails)
        return sizes[self._topic]

    async def _check_known(self, tail: Tail) -> None:
        known = await self._source.read_feed(self._region, tail.highest - 1, 1) if tail.highest else []
        if tail.highest and [stored.body for stored in known] != [tail.body]:
            raise LogAhead(
                f"Kafka's {self._topic} holds an event {tail.highest} that the store does not: the store is an older "
                "copy than the log. Nothing was sent or changed. Bring the store up with `piket recover --from-log`, "
                "then start again."
            )

    def _step_back(self, sequence: int, tails: Mapping[int, Tail]) -> None:
        ends = {place: min(offset, tails[place].end) for place, offset in self._mark.offsets.items() if place in tails}
        log.warning(
            "Kafka lost events that were sent: sending them once more",
            topic=self._topic,
            after=sequence,
            upto=self._mark.sequence,
        )
        self._move(Mark(sequence=sequence, offsets=ends))

    async def _pump(self, producer: AIOKafkaProducer, partitions: int, beating: asyncio.Task[None]) -> None:
        while True:
            if beating.done():
                beating.result()
            page = await self._source.read_feed(self._region, self._mark.sequence, PAGE)
            full = len(page) >= PAGE
            self._measure(await self._source.head(self._region) - self._mark.sequence if full else len(page))
            if page:
                await self._forward(page, producer, partitions)
            await self._say_back()
            if not full:
                self._measure(0)
                await asyncio.sleep(IDLE_S)

    async def _forward(self, page: Sequence[Stored], producer: AIOKafkaProducer, partitions: int) -> None:
        if page[-1].sequence != self._mark.sequence + len(page):
            raise FeedBroken(
                f"The feed of {self._topic} leaves out events after {self._mark.sequence}. Nothing after it was sent, "
                "everything is kept in the store. Check the store with `piket verify`."
            )
        async with asyncio.timeout(self._patience):
            landed = await sender.send(producer, self._topic, page, partitions)
        broker.EVENTS.labels(self._service, self._topic, "sent").inc(len(page))
        if remade(self._mark, landed):
            self._move(Mark())
            raise TopicRemade(f"{self._topic} was made anew: everything is sent once more")
        offsets = {place: where.after for place, where in landed.items()}
        self._move(Mark(sequence=page[-1].sequence, offsets={**self._mark.offsets, **offsets}))

    def _move(self, to: Mark) -> None:
        checkpoint.write(self._path, to)
        self._mark = to

    def _measure(self, backlog: int) -> None:
        self._backlog.set(backlog)
        self._behind_since = (self._behind_since or monotonic()) if backlog > 0 else None

    def _say_held_up(self, trouble: Exception) -> None:
        if not self._failures:
            log.warning("Sending is held up, events stay in the store", topic=self._topic, error=repr(trouble))
        self._failures += 1

    async def _say_back(self) -> None:
        if self._failures:
            backlog = await self._source.head(self._region) - self._mark.sequence
            log.info("Sending goes on", topic=self._topic, backlog=backlog)
        self._failures, self._ran = 0, True


def remade(before: Mark, landed: Mapping[int, Landed]) -> bool:
    """Whether records landed before the mark: only in a topic that was made anew or lost its end."""
    return any(where.first < before.offsets.get(place, 0) for place, where in landed.items())
