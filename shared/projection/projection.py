"""Facts of other services, into one's own database: each exactly once, in the order of its stream, none missing.

How far a consumer has come is committed with its rows. A repeat is known by its place in its stream, never by its
Kafka offset, so a topic may be read again, mirrored or republished. An event that comes before its predecessors is held
until these are found in the owner's feed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import structlog
from prometheus_client import Gauge

from shared.domain import envelope
from shared.domain.envelope import Event
from shared.event_store.database import Connection, Database, Unavailable
from shared.event_store.store import MIGRATIONS
from shared.kafka.broker import EVENTS
from shared.projection import consumer as following
from shared.projection import offsets
from shared.projection.consumer import Record
from shared.projection.decoding import Opened, opened
from shared.projection.offsets import Mark, Overtaken, Partition, Progress

PAUSES_S = (0.1, 0.5)
HELD = Gauge("piket_projection_held_streams", "Streams that wait for an event that is missing", ("consumer",))

Apply = Callable[[Connection, Event], None]
DeadLetter = Callable[[Record, str], Awaitable[None]]
Feed = Callable[[str, int], Awaitable[Sequence[bytes]]]
"""A page of the events of a source after a sequence, from its owner; empty at the end."""

log = structlog.get_logger()


class Projection:
    """One consumer of some topics. `apply` writes an event's rows in the transaction it is given."""

    def __init__(
        self,
        database: Database,
        consumer: str,
        topics: Sequence[str],
        apply: Apply,
        *,
        dead_letter: DeadLetter,
        feed: Feed,
        bootstrap: str = "",
    ) -> None:
        self._database = database
        self._consumer = consumer
        self._topics = topics
        self._apply = apply
        self._dead_letter = dead_letter
        self._feed = feed
        self._bootstrap = bootstrap
        self._seen: dict[Partition, Mark] = {}
        self._holding = True

    async def open(self) -> None:
        """Bring the tables up to date."""
        await self._database.migrate(MIGRATIONS)

    async def run(self) -> None:
        """Follow the topics for ever. Raises `MissingTopics`, or what `apply` raised three times."""
        await self.open()
        await following.follow(self._bootstrap, self._topics, self._marks, self.take)

    async def take(self, records: Sequence[Record]) -> None:
        """Apply records in one transaction; those of a partition in offset order.

        Raises `Overtaken`, `Unavailable`, or what `apply` raised three times: then nothing of them was applied.
        """
        if records:
            letters = [opened(record.value) for record in records]
            await self._bury(records, letters)
            to = {Partition(r.topic, r.partition): Mark(r.offset + 1, offsets.fingerprint(r.value)) for r in records}
            outcomes = await self._insist(partial(self._advance, letters, to))
            self._seen |= to
            self._holding |= "held" in outcomes
            for record, outcome in zip(records, outcomes, strict=True):
                EVENTS.labels(self._consumer, record.topic, outcome).inc()
        if self._holding:
            await self._fill()

    async def sequence(self, source: str) -> int:
        """The highest sequence of a source that is in the rows, 0 before the first."""
        rows = await self._database.read(offsets.WATERMARK, consumer=self._consumer, source=source)
        return int(rows[0][0]) if rows else 0

    async def _marks(self) -> dict[Partition, Mark]:
        rows = await self._database.read(offsets.OFFSETS, consumer=self._consumer)
        self._seen = offsets.marks(rows)
        return dict(self._seen)

    async def _bury(self, records: Sequence[Record], letters: Sequence[Opened]) -> None:
        """Put aside what cannot be read, once: what stands behind in its stream was put aside before."""
        for record, letter in zip(records, letters, strict=True):
            if letter.reason and not await self._is_behind(letter.event):
                log.error(
                    "A record could not be read; it is a dead letter now", reason=letter.reason, topic=record.topic
                )
                await self._dead_letter(record, letter.reason)

    async def _is_behind(self, event: Event | None) -> bool:
        return event is not None and event.streamversion <= (await self._reached(event.subject))[0]

    async def _reached(self, stream: str) -> tuple[int, int]:
        rows = await self._database.read(offsets.REACHED, consumer=self._consumer, stream=stream)
        return (rows[0][0], rows[0][1]) if rows else (0, 0)

    async def _insist(self, work: Callable[[Connection], list[str]]) -> list[str]:
        for pause in PAUSES_S:
            try:
                return await self._database.write(work)
            except (Overtaken, Unavailable):
                self._seen.clear()
                raise
            except Exception:
                log.exception("An event could not be applied; trying again", consumer=self._consumer)
                await asyncio.sleep(pause)
        return await self._database.write(work)

    def _advance(self, letters: Sequence[Opened], to: dict[Partition, Mark], connection: Connection) -> list[str]:
        offsets.advance(connection, self._consumer, self._seen, to)
        return self._apply_all(letters, connection)

    def _apply_all(self, letters: Sequence[Opened], connection: Connection) -> list[str]:
        streams = [letter.event.subject for letter in letters if letter.event]
        reached = Progress.of(connection, self._consumer, streams)
        outcomes = [self._apply_one(letter, reached) for letter in letters]
        reached.save()
        return outcomes

    def _apply_one(self, letter: Opened, reached: Progress) -> str:
        event = letter.event
        if event is None:
            return "unreadable"
        following_version = reached.version(event.subject) + 1
        if event.streamversion < following_version:
            return "repeated"
        if event.streamversion > following_version:
            reached.hold(event, letter.body)
            return "held"
        if not letter.reason:
            self._apply(reached.connection, event)
        reached.reach(event)
        return "unreadable" if letter.reason else "applied"

    async def _fill(self) -> None:
        """Look for the missing events of held streams in their owner's feed; what is not there yet stays missing."""
        held = [stream for (stream,) in await self._database.read(offsets.HOLDING, consumer=self._consumer)]
        for stream in held:
            try:
                missing = await self._missing(stream)
            except Exception:  # asked again with the next records, or in a second
                log.exception("A stream is held: its owner did not answer", stream=stream)
                continue
            log.error("A stream was held: events were missing", stream=stream, found=len(missing))
            await self._insist(partial(self._release, stream, missing))
        left = await self._database.read(offsets.HOLDING, consumer=self._consumer)
        HELD.labels(self._consumer).set(len(left))
        self._holding = bool(left)

    async def _missing(self, stream: str) -> list[Opened]:
        """The events of a stream after the last applied, as far as its owner has them."""
        (_, body), *_ = await self._database.read(offsets.HELD, consumer=self._consumer, stream=stream)
        held = envelope.envelope(body.encode())
        found: list[Opened] = []
        _, after = await self._reached(stream)
        while after < held.sequence and (page := await self._feed(held.source, after)):
            told = [(letter.event, letter) for letter in map(opened, page) if letter.event]
            found += [letter for event, letter in told if event.subject == stream]
            after = told[-1][0].sequence
        topic = envelope.topic(*held.source.split("/")[2:])
        records = [Record(topic, -1, -1, None, letter.body) for letter in found]
        await self._bury(records, found)
        return found

    def _release(self, stream: str, missing: Sequence[Opened], connection: Connection) -> list[str]:
        """Apply what was missing and, as far as it goes now, what was held."""
        held = connection.execute(offsets.HELD, consumer=self._consumer, stream=stream)
        outcomes = self._apply_all([*missing, *(opened(body.encode()) for _, body in held)], connection)
        connection.execute(offsets.LET_GO, consumer=self._consumer, stream=stream)
        return outcomes
