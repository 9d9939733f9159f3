"""The view that an API replica holds in memory: the latest row of every OPD and service date, read from Kafka."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import date, datetime
from time import monotonic

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from shared import kafka
from shared.clock import Clock
from shared.events import topic
from shared.facts.coverage import Coverage

BEHIND_AFTER_SECONDS = 15.0
CHECK_SECONDS = 2.0
PATIENCE_MS = 5000

log = structlog.get_logger()


def newer(one: Coverage, other: Coverage) -> bool:
    """Whether `one` replaces `other`: the higher (definition, revision), then the higher watermark."""
    ranks = [(row.definition, row.revision, sum(row.watermark.values())) for row in (one, other)]
    return ranks[0] > ranks[1]


class View:
    """Rows by key, swapped whole at each change, so that a reader in another thread never sees half of one."""

    def __init__(self, now: Clock) -> None:
        self.rows: Mapping[str, Coverage] = {}
        self.ready = False
        self._now = now
        self._current_at = now()
        self._checked = monotonic()
        self._news = asyncio.Event()

    def keep(self, rows: Iterable[Coverage]) -> None:
        """Take in rows, in any order and as often as they come."""
        changed: dict[str, Coverage] = {}
        for row in rows:
            known = changed.get(row.key) or self.rows.get(row.key)
            if known is None or newer(row, known):
                changed[row.key] = row
        if changed:
            self.rows = {**self.rows, **changed}
            self._news.set()
            self._news = asyncio.Event()

    def row(self, region: str, opd: str, day: date) -> Coverage | None:
        """The latest row of one OPD and service date."""
        return self.rows.get(f"{region}/{opd}/{day}")

    def confirm(self) -> None:
        """Everything that was there until now has been read."""
        self.ready, self._current_at, self._checked = True, self._now(), monotonic()

    @property
    def current_at(self) -> datetime:
        """Until when the view is known to have missed nothing."""
        return self._current_at

    def current_until(self, region: str) -> datetime:
        """Until when the view is known to have missed nothing of a region: readers judge no minute after it."""
        return self._now() if self.behind(region) is None else self._current_at

    def behind(self, region: str | None = None) -> datetime | None:
        """Since when the view may have missed something of a region, or of any; None while it is current.

        Nights are quiet, that is no lag.
        """
        del region
        current = self.ready and monotonic() - self._checked < BEHIND_AFTER_SECONDS
        return None if current else self._current_at

    async def change(self, seconds: float) -> None:
        """Return at the next change, or after so many seconds."""
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except TimeoutError:
            return

    async def reached(self, key: str, source: str, position: int, seconds: float) -> bool:
        """Wait until a row has seen a position of a source. False if it has not in time."""
        deadline = monotonic() + seconds
        while not self._has(key, source, position):
            if (left := deadline - monotonic()) <= 0:
                return False
            await self.change(left)
        return True

    def _has(self, key: str, source: str, position: int) -> bool:
        row = self.rows.get(key)
        return row is not None and row.watermark.get(source, 0) >= position


async def follow(view: View, bootstrap: str, regions: Iterable[str], partitions: int) -> None:
    """Feed a view from every partition of its regions' coverage topics, for ever; starts again when Kafka was away."""
    places = [TopicPartition(topic(region, "coverage"), p) for region in regions for p in range(partitions)]
    while True:
        try:
            async with _consumer(bootstrap, places) as consumer:
                await _read(view, consumer, places)
        except (KafkaError, TimeoutError) as away:
            log.warning("coverage is not readable, the view keeps what it has", failure=type(away).__name__)
            await asyncio.sleep(1)


@asynccontextmanager
async def _consumer(bootstrap: str, places: list[TopicPartition]) -> AsyncIterator[AIOKafkaConsumer]:
    """Without a group: every replica reads everything. A deleted topic is read from its new beginning."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        request_timeout_ms=PATIENCE_MS,
    )
    try:
        await consumer.start()
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        yield consumer
    finally:
        await kafka.stop(consumer)


async def _read(view: View, consumer: AIOKafkaConsumer, places: list[TopicPartition]) -> None:
    checked = -CHECK_SECONDS
    while True:
        batches = await consumer.getmany(timeout_ms=200, max_records=5000)
        view.keep(row for records in batches.values() for record in records if (row := _row(record.key, record.value)))
        if monotonic() - checked >= CHECK_SECONDS or not (batches or view.ready):
            checked = monotonic()
            if await _caught_up(consumer, places):
                view.confirm()


async def _caught_up(consumer: AIOKafkaConsumer, places: list[TopicPartition]) -> bool:
    async with asyncio.timeout(PATIENCE_MS / 1000):
        ends = await consumer.end_offsets(places)
    return all([await consumer.position(place) >= ends[place] for place in places])


def _row(key: bytes | None, value: bytes | None) -> Coverage | None:
    if value is None:
        return None
    try:
        return Coverage.model_validate_json(value)
    except ValidationError as broken:
        name = (key or b"").decode(errors="replace")
        log.warning("coverage row is not readable, skipped", key=name, errors=broken.error_count())
        return None
