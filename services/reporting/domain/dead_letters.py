"""Groups dead letters by the position of their record, and says in a code why it could not be read. Pure."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple, Self

from shared.domain.messages import Message

UNREADABLE: Sequence[tuple[str, re.Pattern[str], Message]] = (
    ("WRONG_KEY", re.compile(r"does not belong on this topic$| is not of "), Message("kunci atau topiknya keliru")),
    ("UNKNOWN_TYPE", re.compile(r"^unknown event type "), Message("jenis peristiwanya tidak dikenal program ini")),
    ("NOT_JSON", re.compile(r"Invalid JSON"), Message("bukan JSON")),
    ("INVALID_FIELD", re.compile(""), Message("isinya tidak lengkap atau tidak sah")),
)
"""Code, pattern of the reason in the letter, and text for the reader; the first pattern that is found counts."""
TOPIC = re.compile(r"piket\.([0-9]{2,4})\.[a-z-]+\.v1")
FEED_PARTITION = -1
"""Partition of an event that was read from the feed of its owner; its offset is the sequence in that feed."""


def unreadable_code(reason: str) -> str:
    """Return the code of why a record could not be read."""
    return next(code for code, pattern, _ in UNREADABLE if pattern.search(reason))


def unreadable_text(code: str) -> Message:
    """Return the text of a code of `UNREADABLE`."""
    return next(text for name, _, text in UNREADABLE if name == code)


class RecordPosition(NamedTuple):
    """The position of a record that could not be read. It identifies the dead letter."""

    region: str
    topic: str
    partition: int
    offset: int

    @property
    def stream(self) -> str:
        """Return the stream of the decisions about this record."""
        return f"{stream_prefix(self.region)}{self.place}"

    @property
    def place(self) -> str:
        """Return topic/partition/offset, as `piket dead-letters` prints it."""
        return f"{self.topic}/{self.partition}/{self.offset}"

    @classmethod
    def from_headers(cls, region: str, headers: Mapping[str, bytes]) -> Self | None:
        """Return the position that the headers of a letter name; None if they name none of this region."""
        try:
            topic = headers["topic"].decode()
            position = cls(region, topic, int(headers["partition"]), int(headers["offset"]))
        except (KeyError, ValueError):
            return None
        match = TOPIC.fullmatch(topic)
        in_region = match is not None and match[1] == region
        return position if in_region and position.partition >= FEED_PARTITION and position.offset >= 0 else None


def stream_prefix(region: str) -> str:
    """Return the beginning of the names of the streams of a region's dead letters."""
    return f"dead-letter/{region}/"


class Letter(NamedTuple):
    """One letter as it was read: its region, headers and bytes, and when it was written."""

    region: str
    headers: Mapping[str, bytes]
    value: bytes
    written: datetime


@dataclass(frozen=True)
class DeadLetterEntry:
    """All letters of one position: the reason of the last one, when the first and the last were written, how many.

    `size` and `sha256` are those of the bytes in the letter, which may be cut.
    """

    position: RecordPosition
    reason: str
    first: datetime
    last: datetime
    letters: int
    size: int
    sha256: str

    @property
    def code(self) -> str:
        """Return the code of why the record could not be read."""
        return unreadable_code(self.reason)


DeadLetterEntries = Mapping[RecordPosition, DeadLetterEntry]


def with_letters(entries: DeadLetterEntries, letters: Iterable[Letter]) -> DeadLetterEntries:
    """Return the entries after some more letters. A letter without a position of its region is left out."""
    result = dict(entries)
    for letter in letters:
        position = RecordPosition.from_headers(letter.region, letter.headers)
        if position:
            result[position] = _with_letter(result.get(position), position, letter)
    return result


def _with_letter(entry: DeadLetterEntry | None, position: RecordPosition, letter: Letter) -> DeadLetterEntry:
    reason = letter.headers.get("reason", b"").decode(errors="replace")
    sha256 = hashlib.sha256(letter.value).hexdigest()
    # Other bytes at the same position: the topic was created again, and the former record is gone.
    if entry is None or entry.sha256 != sha256:
        return DeadLetterEntry(position, reason, letter.written, letter.written, 1, len(letter.value), sha256)
    first, last = min(entry.first, letter.written), max(entry.last, letter.written)
    return replace(entry, reason=reason, first=first, last=last, letters=entry.letters + 1)
