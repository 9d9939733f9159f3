"""The check-ins that every contender reads: one real event with other ids, each of another employee."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import shake_128
from itertools import islice
from uuid import UUID

from services.reporting.domain.partitions.partition_state import Row
from services.reporting.worker.changelog import write
from shared.domain.envelope import encode
from shared.kafka import broker
from tests.support import example_facts as ex

OPDS = 1_350
PARTITIONS = 3
TOGETHER = 10_000


def check_ins(region: str, count: int) -> Iterator[Row]:
    """Key and body, some 800 bytes, each with ids of its own; sealing each would take longer than reading it."""
    tap = ex.tap("in", ex.ANI, ex.at("07:21"), opd="OPD-0000", region=region)
    first = ex.Ledger().record(tap, ex.at("07:21"))
    model = encode(first)
    for number in range(count):
        opd, own = f"OPD-{number % OPDS:04}", shake_128(b"%d" % number).digest(64)
        body = model.replace(first.chain.encode(), own[:32].hex().encode())
        for known, at in ((first.id, 0), (ex.ANI, 32), (tap.client_id, 48)):
            body = body.replace(str(known).encode(), str(UUID(bytes=own[at : at + 16])).encode())
        body = body.replace(b"%020d" % 1, b"%020d" % (number + 1)).replace(b"OPD-0000", opd.encode())
        yield Row(f"{region}/{opd}".encode(), body)


def facts(rows: Iterable[Row]) -> Iterator[Row]:
    """The same as rows of a worker's changelog."""
    for number, (key, body) in enumerate(rows):
        yield Row(b"%b|%b" % (key, shake_128(b"%d" % number).hexdigest(16).encode()), body)


def counted(region: str, count: int) -> Mapping[str, int]:
    """The employees of every OPD: what every contender must end with."""
    return Counter(f"{region}/OPD-{number % OPDS:04}" for number in range(count))


async def fill(bootstrap: str, name: str, rows: Iterator[Row], compression: str | None = None) -> None:
    """Write rows to a topic, each to the partition of its OPD."""
    async with broker.producer(bootstrap, 60_000, compression) as producer:
        while some := list(islice(rows, TOGETHER)):
            sent = [await write(producer, name, partition, placed) for partition, placed in _by_partition(some).items()]
            await asyncio.gather(*(one for batch in sent for one in batch))


def _by_partition(rows: Sequence[Row]) -> Mapping[int, list[Row]]:
    placed: defaultdict[int, list[Row]] = defaultdict(list)
    for row in rows:
        placed[broker.partition_of(row.key.partition(b"|")[0].decode(), PARTITIONS)].append(row)
    return placed
