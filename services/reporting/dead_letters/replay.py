"""Keeps the dead letters of a process, reads the record of one, and sends its event to its topic again.

An event is sent only if the feed of its owner has the same bytes: a record that was never stored stays a dead letter.
Readers ignore an event that they have, so it may be sent twice.
"""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Mapping

import httpx

from services.reporting.dead_letters.records import KAFKA_ERRORS, Records
from services.reporting.domain.dead_letters import (
    FEED_PARTITION,
    DeadLetterEntries,
    DeadLetterEntry,
    RecordPosition,
    with_letters,
)
from shared.domain.envelope import FACT_TYPES, Event, SealedEvent, Undecodable, decode, source, topic
from shared.domain.errors import Invalid
from shared.domain.messages import Message
from shared.kafka.dead_letters import MAX_VALUE_BYTES
from shared.projection.projection import ReadFeed
from shared.web import Problem
from shared.web.problem import InvalidPart

OWNERS = frozenset(event_type.split(".")[2] for event_type in FACT_TYPES)
"""The services that record events, and so have a feed."""

ABSENT = Message(
    "Tidak ada surat mati di {place} wilayah {region}. Lihat yang ada dengan piket dead-letters list --region {region}."
)
GONE = Message(
    "Rekaman aslinya tidak ada lagi di posisinya: topiknya mungkin dibuat ulang. Kirim ulang sumbernya dengan piket "
    "republish, lalu buang surat mati ini."
)
UNREADABLE = Message(
    "Rekaman ini masih tidak terbaca oleh program ini ({reason}). Tidak ada yang dikirim. Perbarui program lalu coba "
    "lagi; bila rekamannya bukan peristiwa Piket, buanglah. Peristiwa yang tersimpan dapat dikirim lagi dengan "
    "piket republish."
)
NEVER_STORED = Message(
    "Rekaman ini tidak sama dengan peristiwa yang tersimpan pada pemiliknya: rekaman asing atau palsu. Tidak ada yang "
    "dikirim. Periksa asalnya, lalu buanglah."
)


class DeadLetters:
    """The dead letters of all regions, as far as this process has read them, and their records."""

    def __init__(self, records: Records, feed: ReadFeed) -> None:
        self._records, self._feed = records, feed
        self._entries: defaultdict[str, DeadLetterEntries] = defaultdict(dict)
        self._positions: defaultdict[str, Mapping[int, int]] = defaultdict(dict)
        self._lock = asyncio.Lock()

    async def entries(self, region: str) -> DeadLetterEntries:
        """Return all dead letters of a region; read the new ones first. Raises one of `KAFKA_ERRORS`."""
        async with self._lock:
            has_more = True
            while has_more:
                page = await self._records.letters_after(region, self._positions[region])
                known = {} if page.is_complete else self._entries[region]
                self._entries[region], self._positions[region] = with_letters(known, page.letters), page.positions
                has_more = page.has_more
            return self._entries[region]

    def last_entries(self, region: str) -> DeadLetterEntries:
        """Return the dead letters that were read last, without asking Kafka."""
        return self._entries[region]

    async def entry(self, position: RecordPosition) -> DeadLetterEntry:
        """Return the dead letter of a position. Raise a 404 problem if there is none, 503 if Kafka does not answer."""
        try:
            entries = await self.entries(position.region)
        except KAFKA_ERRORS as error:
            raise unreachable() from error
        if position not in entries:
            raise absent(position)
        return entries[position]

    async def original(self, entry: DeadLetterEntry) -> bytes | None:
        """Return the complete bytes of the record; None if they are gone. Raise a 503 problem if nobody answers."""
        try:
            value = await self._value(entry.position)
        except (*KAFKA_ERRORS, httpx.HTTPError) as error:
            raise unreachable() from error
        is_cut = entry.size >= MAX_VALUE_BYTES
        same = value is not None and (is_cut or hashlib.sha256(value).hexdigest() == entry.sha256)
        return value if same else None

    async def _value(self, position: RecordPosition) -> bytes | None:
        if position.partition == FEED_PARTITION:
            service = position.topic.split(".")[2]
            return await self._stored(source(position.region, service), position.offset)
        value = await self._records.value_at(position)
        return b"" if value is None else value

    async def _stored(self, origin: str, sequence: int) -> bytes | None:
        page = await self._feed(origin, sequence - 1)
        return page[0] if page else None

    async def stored_event(self, entry: DeadLetterEntry) -> SealedEvent:
        """Return the event of a dead letter if it may be sent again.

        Raises `Invalid` if it is gone, still cannot be read, or was never stored; a 503 problem if nobody answers.
        """
        body = await self.original(entry)
        if body is None:
            raise Invalid("", GONE)
        try:
            event = decode(body)
        except Undecodable as unreadable:
            raise Invalid("", UNREADABLE.fill(reason=unreadable.reason)) from unreadable
        if not await self._is_stored(event, body, entry.position.region):
            raise Invalid("", NEVER_STORED)
        return SealedEvent(event, body)

    async def _is_stored(self, event: Event, body: bytes, region: str) -> bool:
        if event.service not in OWNERS or event.source != source(region, event.service):
            return False
        try:
            return await self._stored(event.source, event.sequence) == body
        except httpx.HTTPError as error:
            raise unreachable() from error

    async def send(self, sealed: SealedEvent) -> None:
        """Send an event to its topic with its right key. Raise a 503 problem if Kafka does not take it."""
        event, body = sealed
        _, _, region, service = event.source.split("/")
        try:
            await self._records.send(topic(region, service), event.partitionkey, body)
        except KAFKA_ERRORS as error:
            raise unreachable() from error


def absent(position: RecordPosition) -> Problem:
    """Return the 404 problem for a position without a dead letter."""
    return not_found(ABSENT.fill(place=position.place, region=position.region))


def not_found(reason: Message) -> Problem:
    """Return a 404 problem with its reason."""
    return Problem("not-found", errors=[InvalidPart({"pointer": ""}, reason)])


def unreachable() -> Problem:
    """Return the problem for a request that Kafka, or the owner of an event, did not answer."""
    return Problem("unreachable", {"retry-after": "2"})
