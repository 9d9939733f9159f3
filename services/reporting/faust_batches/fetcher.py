"""Faust's consumer thread, fetching soon and in C: a `ConsumerRecord` of each record costs more than reading it.

Takes over a fetcher of aiokafka where it turns what arrived into records. Those names are private: see `pins`.
"""

from collections.abc import Iterator
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.fetcher import Fetcher, FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException
from faust.transport.drivers import aiokafka as driver

from services.reporting.faust_batches.pinned_versions import VERSIONS, Unpinned

LONG_POLL_MS = 50
"""Faust fixes 1500 ms; an idle partition's long poll then holds up a busy one of the same broker."""


class Thread(driver.AIOKafkaConsumerThread):
    """Fetches with a short long poll, and leanly."""

    mundane_level = "debug"

    async def on_start(self) -> None:
        """Start the consumer; nothing is fetched before it is assigned something."""
        await super().on_start()
        LeanFetcher.take_over(self._ensure_consumer()._fetcher)  # noqa: SLF001

    def _create_worker_consumer(self, transport: driver.Transport) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        if not hasattr(consumer, "_fetch_max_wait_ms"):
            raise Unpinned(
                f"AIOKafkaConsumer of aiokafka {VERSIONS['aiokafka']} had _fetch_max_wait_ms; this one has not."
            )
        consumer._fetch_max_wait_ms = LONG_POLL_MS  # noqa: SLF001 - Faust gives no setting; read by start()
        return consumer


class LeanFetcher(Fetcher):
    """A fetcher that answers what its C code reads: offset, key, value, timestamp and headers."""

    @classmethod
    def take_over(cls, fetcher: Fetcher) -> None:
        """Make a lean one of a fetcher that has fetched nothing yet."""
        fetcher.__class__ = cls

    async def _proc_fetch_request(self, *request: object) -> bool:
        arrived: bool = await super()._proc_fetch_request(*request)
        for fetched in self._records.values():
            if type(fetched) is FetchResult:
                fetched._partition_records.__class__ = _Records  # noqa: SLF001
        return arrived


class _Records(PartitionRecords):
    next_fetch_offset: int

    def __iter__(self) -> Iterator[Any]:
        sought = self.next_fetch_offset
        while self._records.has_next():
            batch = self._records.next_batch()
            if self._check_crcs and not batch.validate_crc():
                raise CorruptRecordException(f"Invalid CRC - {self._tp}")
            if not batch.is_control_batch:
                yield from batch if batch.base_offset >= sought else _from(sought, batch)
            self.next_fetch_offset = batch.next_offset


def _from(sought: int, batch: Any) -> Iterator[Any]:  # noqa: ANN401 - aiokafka's
    return (record for record in batch if record.offset >= sought)
