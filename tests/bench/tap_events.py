"""Generates the check-ins that all contenders read: copies of one real event with other ids and employees."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import shake_128
from itertools import islice
from uuid import UUID

from services.reporting.domain.partitions.partition_state import ChangelogRecord
from services.reporting.worker.changelog import send_records
from shared.domain.envelope import encode
from shared.kafka import broker
from shared.kafka.connection import KafkaConnection
from tests.support import example_facts as ex

OPDS = 1_350
PARTITIONS = 3
BATCH_SIZE = 10_000


def check_ins(region: str, count: int) -> Iterator[ChangelogRecord]:
    """Yield key and body of about 800 bytes, with new ids. Encoding each event would take longer than reading it."""
    tap = ex.tap("in", ex.ANI, ex.at("07:21"), opd="OPD-0000", region=region)
    first = ex.Ledger().record(tap, ex.at("07:21"))
    model = encode(first)
    for number in range(count):
        opd, digest = f"OPD-{number % OPDS:04}", shake_128(b"%d" % number).digest(64)
        body = model.replace(first.chain.encode(), digest[:32].hex().encode())
        for old_id, start in ((first.id, 0), (ex.ANI, 32), (tap.client_id, 48)):
            body = body.replace(str(old_id).encode(), str(UUID(bytes=digest[start : start + 16])).encode())
        body = body.replace(b"%020d" % 1, b"%020d" % (number + 1)).replace(b"OPD-0000", opd.encode())
        yield ChangelogRecord(f"{region}/{opd}".encode(), body)


def changelog_rows(rows: Iterable[ChangelogRecord]) -> Iterator[ChangelogRecord]:
    """Yield the events as rows of a worker's changelog."""
    for number, (key, body) in enumerate(rows):
        yield ChangelogRecord(b"%b|%b" % (key, shake_128(b"%d" % number).hexdigest(16).encode()), body)


def expected_counts(region: str, count: int) -> Mapping[str, int]:
    """Return the number of employees by OPD, which all contenders must print."""
    return Counter(f"{region}/OPD-{number % OPDS:04}" for number in range(count))


async def fill(bootstrap: str, name: str, rows: Iterator[ChangelogRecord], compression: str | None = None) -> None:
    """Write rows to a topic, in the partition of their OPD."""
    async with broker.producer(KafkaConnection(bootstrap), 60_000, compression) as producer:
        while rows_batch := list(islice(rows, BATCH_SIZE)):
            sent = [
                await send_records(producer, name, partition, partition_rows)
                for partition, partition_rows in _by_partition(rows_batch).items()
            ]
            await asyncio.gather(*(future for batch in sent for future in batch))


def _by_partition(rows: Sequence[ChangelogRecord]) -> Mapping[int, list[ChangelogRecord]]:
    rows_by_partition: defaultdict[int, list[ChangelogRecord]] = defaultdict(list)
    for row in rows:
        rows_by_partition[broker.partition_of(row.key.partition(b"|")[0].decode(), PARTITIONS)].append(row)
    return rows_by_partition
