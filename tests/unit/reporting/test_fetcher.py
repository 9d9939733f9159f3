"""What is read of what Kafka sent: every record from the sought one on, and nothing of broken bytes."""

from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka.consumer.fetcher import Fetcher, FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import TopicPartition

from services.reporting.faust_batches.fetcher import LeanFetcher, _Records

PLACE = TopicPartition("piket.32.attendance.v1", 0)


def sent(first: int, *offsets: int) -> bytearray:
    """A record batch as Kafka sends it: it begins at `first` and holds these records."""
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 10_000)
    for offset in offsets:
        builder.append(offset - first, 1_762_390_800_000, b"32/DPMPTSP", b"%d" % offset, [])
    body = bytearray(builder.build())
    body[:8] = first.to_bytes(8, "big")
    return body


def read(sought: int, *batches: bytearray) -> Any:
    records = MemoryRecords(b"".join(map(bytes, batches)))
    parts = PartitionRecords(PLACE, records, [], sought, None, None, check_crcs=True, isolation_level=0)
    parts.__class__ = _Records
    return parts


def offsets(records: Sequence[Any]) -> list[int]:
    return [record.offset for record in records]


def test_every_record_is_read_and_the_next_fetch_goes_on_behind_the_last() -> None:
    parts = read(7, sent(7, 7, 8), sent(9, 9))
    assert [(r.offset, r.key, r.value) for r in parts] == [(n, b"32/DPMPTSP", b"%d" % n) for n in (7, 8, 9)]
    assert parts.next_fetch_offset == 10


def test_what_a_batch_holds_before_the_sought_offset_is_left_out() -> None:
    assert offsets(list(read(8, sent(7, 7, 8, 9)))) == [8, 9]


def test_a_compacted_log_has_holes() -> None:
    assert offsets(list(read(0, sent(0, 0, 3), sent(8, 9)))) == [0, 3, 9]


def test_a_bit_that_fell_over_is_noticed() -> None:
    broken = sent(7, 7)
    broken[-3] ^= 1
    with pytest.raises(CorruptRecordException, match="Invalid CRC"):
        list(read(7, broken))


async def test_what_a_fetcher_of_aiokafka_was_sent_is_read_so(monkeypatch: pytest.MonkeyPatch) -> None:
    fetcher = object.__new__(Fetcher)
    result = FetchResult(PLACE, assignment=None, partition_records=read(7, sent(7, 7)), backoff=0)
    result._partition_records.__class__ = PartitionRecords

    async def arrive(self: Any, *request: object) -> bool:
        self._records = {PLACE: result, TopicPartition("piket.32.roster.v1", 0): ValueError("not the leader")}
        return True

    monkeypatch.setattr(Fetcher, "_proc_fetch_request", arrive)
    LeanFetcher.take_over(fetcher)
    assert await fetcher._proc_fetch_request()
    assert offsets(list(result._partition_records)) == [7]
