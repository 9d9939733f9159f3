"""Tests which records are read from a fetched batch: all from the position on, and none if the bytes are corrupt."""

from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka.consumer.fetcher import Fetcher, FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import TopicPartition

from services.reporting.faust_batches.fetcher import LeanFetcher, _LeanPartitionRecords

TOPIC_PARTITION = TopicPartition("piket.32.attendance.v1", 0)


def record_batch(first: int, *offsets: int) -> bytearray:
    """Return a record batch as Kafka sends it: it starts at `first` and contains records with these offsets."""
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 10_000)
    for offset in offsets:
        builder.append(offset - first, 1_762_390_800_000, b"32/DPMPTSP", b"%d" % offset, [])
    body = bytearray(builder.build())
    body[:8] = first.to_bytes(8, "big")
    return body


def partition_records(position: int, *batches: bytearray) -> Any:
    records = MemoryRecords(b"".join(map(bytes, batches)))
    parsed = PartitionRecords(TOPIC_PARTITION, records, [], position, None, None, check_crcs=True, isolation_level=0)
    parsed.__class__ = _LeanPartitionRecords
    return parsed


def offsets(records: Sequence[Any]) -> list[int]:
    return [record.offset for record in records]


def test_every_record_is_read_and_the_next_fetch_goes_on_behind_the_last() -> None:
    parsed = partition_records(7, record_batch(7, 7, 8), record_batch(9, 9))
    assert [(r.offset, r.key, r.value) for r in parsed] == [(n, b"32/DPMPTSP", b"%d" % n) for n in (7, 8, 9)]
    assert parsed.next_fetch_offset == 10


def test_what_a_batch_holds_before_the_sought_offset_is_left_out() -> None:
    assert offsets(list(partition_records(8, record_batch(7, 7, 8, 9)))) == [8, 9]


def test_a_compacted_log_has_holes() -> None:
    assert offsets(list(partition_records(0, record_batch(0, 0, 3), record_batch(8, 9)))) == [0, 3, 9]


def test_a_bit_that_fell_over_is_noticed() -> None:
    corrupt = record_batch(7, 7)
    corrupt[-3] ^= 1
    with pytest.raises(CorruptRecordException, match="Invalid CRC"):
        list(partition_records(7, corrupt))


async def test_what_a_fetcher_of_aiokafka_was_sent_is_read_so(monkeypatch: pytest.MonkeyPatch) -> None:
    fetcher = object.__new__(Fetcher)
    result = FetchResult(
        TOPIC_PARTITION, assignment=None, partition_records=partition_records(7, record_batch(7, 7)), backoff=0
    )
    result._partition_records.__class__ = PartitionRecords

    async def arrive(self: Any, *request: object) -> bool:
        self._records = {TOPIC_PARTITION: result, TopicPartition("piket.32.roster.v1", 0): ValueError("not the leader")}
        return True

    monkeypatch.setattr(Fetcher, "_proc_fetch_request", arrive)
    LeanFetcher.convert(fetcher)
    assert await fetcher._proc_fetch_request()
    assert offsets(list(result._partition_records)) == [7]
