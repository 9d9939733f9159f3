"""Overrides Faust's consumer thread and aiokafka's fetcher: short long poll, and no `ConsumerRecord` objects.

aiokafka builds a `ConsumerRecord` from every record that its C code has parsed; that costs more than parsing it. Here
the parsed record itself is passed on.
"""

from collections.abc import Iterator
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.fetcher import Fetcher, FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException
from faust.transport.drivers import aiokafka as driver

from services.reporting.faust_batches.pinned_versions import VERSIONS, VersionMismatch

FETCH_MAX_WAIT_MS = 50
"""Kafka's `fetch.max.wait.ms`. Faust sets 1500: an idle partition's fetch then delays a busy one of that broker."""


class LeanConsumerThread(driver.AIOKafkaConsumerThread):
    """Faust's consumer thread, with a short long poll and a `LeanFetcher`."""

    mundane_level = "debug"

    async def on_start(self) -> None:
        """Start the consumer and replace its fetcher. It fetches nothing before partitions are assigned."""
        await super().on_start()
        LeanFetcher.convert(self._ensure_consumer()._fetcher)  # noqa: SLF001

    def _create_worker_consumer(self, transport: driver.Transport) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        if not hasattr(consumer, "_fetch_max_wait_ms"):
            raise VersionMismatch(
                f"AIOKafkaConsumer of aiokafka {VERSIONS['aiokafka']} had _fetch_max_wait_ms; this one has not."
            )
        consumer._fetch_max_wait_ms = FETCH_MAX_WAIT_MS  # noqa: SLF001 - Faust gives no setting; read by start()
        return consumer


class LeanFetcher(Fetcher):
    """A fetcher that returns records as aiokafka's C code parsed them: offset, key, value, timestamp and headers."""

    @classmethod
    def convert(cls, fetcher: Fetcher) -> None:
        """Change the class of a fetcher that has fetched nothing yet to this one."""
        # Not replaced by a new object: the constructor of this one has already started its background task.
        fetcher.__class__ = cls

    async def _proc_fetch_request(self, *request: object) -> bool:
        arrived: bool = await super()._proc_fetch_request(*request)
        for fetched in self._records.values():
            if type(fetched) is FetchResult:  # else it is an error, to be raised by the next `fetched_records`
                fetched._partition_records.__class__ = _LeanPartitionRecords  # noqa: SLF001
        return arrived


class _LeanPartitionRecords(PartitionRecords):
    next_fetch_offset: int

    def __iter__(self) -> Iterator[Any]:
        position = self.next_fetch_offset
        while self._records.has_next():
            batch = self._records.next_batch()
            if self._check_crcs and not batch.validate_crc():
                raise CorruptRecordException(f"Invalid CRC - {self._tp}")
            if not batch.is_control_batch:
                yield from batch if batch.base_offset >= position else _records_from(position, batch)
            self.next_fetch_offset = batch.next_offset


def _records_from(position: int, batch: Any) -> Iterator[Any]:  # noqa: ANN401 - aiokafka's
    # Kafka returns the whole compressed batch that contains the position, also the records before it.
    return (record for record in batch if record.offset >= position)
