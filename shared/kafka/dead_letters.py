"""Dead letters: records that nobody could read, put aside so that everything else goes on."""

from typing import NamedTuple

from shared.kafka.broker import Record

LETTER_BYTES, WORDS = 900_000, 500
"""What a dead letter holds of a record and of the reason at most: Kafka takes 1 MB with key and headers."""


class DeadLetter(NamedTuple):
    """A record that nobody could read: its own bytes, and in the headers where it stood and why it was put aside.

    One that would be too large is cut: the whole of it still stands where its headers say.
    """

    key: bytes | None
    value: bytes
    headers: list[tuple[str, bytes]]


def dead_letter(place: tuple[str, int], record: Record, reason: str) -> DeadLetter:
    """Headers `topic`, `partition`, `offset`, `reason`; a null value becomes empty bytes."""
    where = {"topic": place[0], "partition": place[1], "offset": record.offset, "reason": reason[:WORDS]}
    headers = [(name, str(value).encode(errors="replace")) for name, value in where.items()]
    key, value = record.key, record.value or b""
    left = max(0, LETTER_BYTES - len(value))
    return DeadLetter(key and key[:left], value[:LETTER_BYTES], headers)
