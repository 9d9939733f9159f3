"""Sends the committed events of one source to its Kafka topic, in sequence order, at least once.

The event store is the source of truth; Kafka may be unavailable at any time. After any error the producer is discarded
and a new one sends again from the checkpoint, because an idempotent aiokafka producer does not recover from a sequence
gap (aio-libs/aiokafka#1017).
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import structlog
from aiokafka import AIOKafkaProducer

from shared.domain import envelope
from shared.event_store.database import Unavailable
from shared.event_store.stored_events import StoredEvent
from shared.kafka import broker
from shared.kafka.access import explained
from shared.kafka.closing import discard_producer, start_client
from shared.kafka.connection import KafkaConnection
from shared.kafka.errors import AccessRefused, UnsafeToContinue
from shared.relay import log_tail, sender
from shared.relay.checkpoints.checkpoint import Checkpoint, CheckpointStore, LeaseLost, RelayLease
from shared.relay.checkpoints.turns import run_while_leased
from shared.relay.errors import FeedBroken, LogAhead, TopicRecreated
from shared.relay.heartbeat import cancelled_after, send_heartbeats
from shared.relay.log_tail import PartitionTail
from shared.relay.metrics import SourceMeter
from shared.relay.source import EventSource

PAGE_SIZE = 1_000
IDLE_S = 0.03
TIMEOUT_S = 20.0
BACK_OFF_S = (0.1, 0.2, 0.5, 1.0, 2.0)
FAILURES_PER_LOG = 30  # about a minute

log = structlog.get_logger()


class Relay:
    """Sends one source of a region to its topic.

    `timeout` is in seconds and limits each call to Kafka.
    """

    def __init__(
        self,
        source: EventSource,
        region: str,
        connection: KafkaConnection,
        checkpoints: CheckpointStore,
        *,
        timeout: float = TIMEOUT_S,
    ) -> None:
        self._source, self._region, self._service = source, region, source.service
        self._topic, self._heartbeat_topic = envelope.topic(region, source.service), envelope.topic(region, "heartbeat")
        self._connection, self._checkpoints = connection, checkpoints
        self._timeout, self._request_ms = timeout, int(timeout * 500)  # half of it, in milliseconds
        self._checkpoint = Checkpoint()
        self._has_run, self._failures = False, 0
        self._closing_producers: set[asyncio.Task[None]] = set()
        self.meter = SourceMeter(self._service, region)

    async def run(self) -> None:
        """Acquire the lease, then send until cancelled. If the lease is lost, acquire it again.

        Raises `UnsafeToContinue` if continuing would lose or falsify events.
        """
        broker.silence_client_logs()
        try:
            await run_while_leased(self._checkpoints, self._send)
        finally:
            if self._closing_producers:
                await asyncio.wait(self._closing_producers, timeout=self._timeout)

    async def _send(self, lease: RelayLease) -> None:
        self._lease, self._checkpoint = lease, await self._checkpoints.read()
        self.meter.has_lease = True
        try:
            while True:
                await self._run_once()
                await asyncio.sleep(BACK_OFF_S[min(self._failures, len(BACK_OFF_S)) - 1])
        finally:
            self.meter.has_lease = False
            self.meter.set_connected(connected=False)

    async def _run_once(self) -> None:
        try:
            self.meter.set_backlog(await self._source.head(self._region) - self._checkpoint.sequence)
            async with explained(self._connection), self._connected_producer() as (producer, partitions):
                beats = send_heartbeats(producer, self._source, self._region, lambda: self._checkpoint, self._timeout)
                async with cancelled_after(beats) as heartbeats:
                    await self._pump(producer, partitions, heartbeats)
        except UnsafeToContinue as refused:
            # A topic or a right that disappears while the relay runs may come back, so it is retried. At the first
            # start it is a configuration error.
            if not (self._has_run and isinstance(refused, broker.MissingTopics | AccessRefused)):
                raise
            self._log_stalled(refused)
        except LeaseLost:
            raise
        except Exception as error:  # noqa: BLE001 - the events are stored, so every error is retried from the checkpoint
            self._log_stalled(error)

    @asynccontextmanager
    async def _connected_producer(self) -> AsyncIterator[tuple[AIOKafkaProducer, int]]:
        async with asyncio.timeout(self._timeout):
            partitions = await self._compare_with_log()
        producer = broker.producer(self._connection, self._request_ms)
        try:
            async with asyncio.timeout(self._timeout):
                await start_client(producer)
            yield producer, partitions
        finally:
            # Closed in the background: closing waits for requests on the wire, and the next attempt must not.
            closing = asyncio.create_task(discard_producer(producer))
            self._closing_producers.add(closing)
            closing.add_done_callback(self._closing_producers.discard)

    async def _compare_with_log(self) -> int:
        """Compare the topic with the store and the checkpoint, rewind if records were lost, return the partition count.

        Raises `MissingTopics` and `LogAhead`.
        """
        sizes = await broker.topic_sizes(self._connection, self._request_ms)
        if absent := {self._topic, self._heartbeat_topic} - sizes.keys():
            raise broker.absent_topics_error(absent)
        tails = await log_tail.read_tails(
            self._connection, self._topic, sizes[self._topic], self._checkpoint, self._request_ms
        )
        await self._check_log_in_store(log_tail.highest_tail(tails))
        if log_tail.shortened_partitions(self._checkpoint, tails):
            await self._rewind(log_tail.resume_sequence(self._checkpoint, tails), tails)
        return sizes[self._topic]

    async def _check_log_in_store(self, tail: PartitionTail) -> None:
        if not tail.highest:
            return
        stored_events = await self._source.read_feed(self._region, tail.highest - 1, 1)
        if [event.body for event in stored_events] != [tail.body]:
            raise LogAhead(self._topic, tail.highest)

    async def _rewind(self, sequence: int, tails: Mapping[int, PartitionTail]) -> None:
        offsets = self._checkpoint.offsets.items()
        ends = {number: min(offset, tails[number].end) for number, offset in offsets if number in tails}
        lost = {"after": sequence, "upto": self._checkpoint.sequence}
        log.warning("Kafka lost events that were already sent; sending them again", topic=self._topic, **lost)
        await self._advance(Checkpoint(sequence=sequence, offsets=ends))

    async def _pump(self, producer: AIOKafkaProducer, partitions: int, heartbeats: asyncio.Task[None]) -> None:
        while True:
            if heartbeats.done():
                heartbeats.result()  # raises the error that ended them
            page = await self._source.read_feed(self._region, self._checkpoint.sequence, PAGE_SIZE)
            is_full = len(page) >= PAGE_SIZE
            # Only a full page can be followed by more events, so the head is read (one query) only then.
            head = await self._source.head(self._region) if is_full else self._checkpoint.sequence + len(page)
            self.meter.set_backlog(head - self._checkpoint.sequence)
            if page:
                await self._forward(page, producer, partitions)
            await self._log_recovered()
            if not is_full:
                self.meter.set_backlog(0)
                await asyncio.sleep(IDLE_S)

    async def _forward(self, page: Sequence[StoredEvent], producer: AIOKafkaProducer, partitions: int) -> None:
        if page[-1].sequence != self._checkpoint.sequence + len(page):
            raise FeedBroken(self._topic, self._checkpoint.sequence)
        async with asyncio.timeout(self._timeout):
            traceparents = await self._source.read_traceparents(self._region, page[0].sequence, page[-1].sequence)
            acknowledged = await sender.send_page(producer, self._topic, page, partitions, traceparents)
        broker.EVENTS_MOVED.labels(self._service, self._topic, "sent").inc(len(page))
        if log_tail.is_recreated(self._checkpoint, acknowledged):
            await self._advance(Checkpoint())
            raise TopicRecreated(f"{self._topic} was recreated; all events are sent again")
        offsets = {partition: acks.after for partition, acks in acknowledged.items()}
        await self._advance(Checkpoint(sequence=page[-1].sequence, offsets={**self._checkpoint.offsets, **offsets}))

    async def _advance(self, reached: Checkpoint) -> None:
        """Store a checkpoint. Raise `LeaseLost`."""
        await self._lease.write(reached)
        self._checkpoint = reached

    def _log_stalled(self, error: Exception) -> None:
        if not isinstance(error, Unavailable):  # without its store, a relay knows nothing of Kafka
            self.meter.set_connected(connected=False)
        if self._failures % FAILURES_PER_LOG == 0:
            log.warning("Relay stalled; events remain in the store", topic=self._topic, error=repr(error))
        self._failures += 1

    async def _log_recovered(self) -> None:
        if self._failures:
            backlog = await self._source.head(self._region) - self._checkpoint.sequence
            log.info("Relay recovered", topic=self._topic, backlog=backlog)
        self._failures, self._has_run = 0, True
        self.meter.set_connected(connected=True)
