"""Builds and sends dead letters: copies of records that could not be decoded, so that processing continues without."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from shared.domain.envelope import topic
from shared.kafka.broker import EVENTS_MOVED, producer
from shared.kafka.closing import started
from shared.kafka.connection import KafkaConnection

MAX_VALUE_BYTES, MAX_REASON_CHARS = 900_000, 500
"""Upper bounds of a dead letter: Kafka accepts records up to 1 MB with key and headers."""


class KafkaRecord(Protocol):
    """One record of a partition, whichever client read it."""

    @property
    def offset(self) -> int:
        """The position in the partition."""

    @property
    def key(self) -> bytes | None:
        """The key that chose the partition."""

    @property
    def value(self) -> bytes | None:
        """The bytes; None for a tombstone."""


class DeadLetter(NamedTuple):
    """A record that could not be decoded: its bytes; the headers hold its position and the reason.

    Bytes above the limit are cut; the complete record is still at the position that the headers name.
    """

    key: bytes | None
    value: bytes
    headers: list[tuple[str, bytes]]


def dead_letter(topic_partition: tuple[str, int], record: KafkaRecord, reason: str) -> DeadLetter:
    """Return the dead letter of a record, with headers `topic`, `partition`, `offset` and `reason`.

    A null value becomes empty bytes. `topic_partition` is the topic and the partition number.
    """
    topic_name, partition = topic_partition
    fields = {"topic": topic_name, "partition": partition, "offset": record.offset, "reason": reason[:MAX_REASON_CHARS]}
    headers = [(name, str(value).encode(errors="replace")) for name, value in fields.items()]
    key, value = record.key, record.value or b""
    remaining_bytes = max(0, MAX_VALUE_BYTES - len(value))
    return DeadLetter(key and key[:remaining_bytes], value[:MAX_VALUE_BYTES], headers)


async def send_dead_letter(
    connection: KafkaConnection, topic_partition: tuple[str, int], record: KafkaRecord, reason: str
) -> None:
    """Send a record to the dead-letter topic of its region. Raises KafkaError if Kafka does not accept it.

    Opens a connection for each record, because dead letters are rare.
    """
    region = topic_partition[0].split(".")[1]
    key, value, headers = dead_letter(topic_partition, record, reason)
    async with started(producer(connection)) as client:
        await client.send_and_wait(topic(region, "dead-letter"), value, key=key, headers=headers)


def count_unreadable_from_zero(reader: str, topics: Iterable[str]) -> None:
    """Begin the counters of a reader's unreadable events at 0: a series that begins at 1 shows no increase."""
    for name in topics:
        EVENTS_MOVED.labels(reader, name, "unreadable")
