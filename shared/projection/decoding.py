"""Decodes a record's value as far as possible, so that an unreadable event still keeps its position in its stream."""

from typing import NamedTuple

from shared.domain import envelope
from shared.domain.envelope import Event, Undecodable


class DecodedRecord(NamedTuple):
    """The bytes of a record and their event.

    With a `reason` only the envelope could be decoded; without an `event` nothing could.
    """

    body: bytes
    event: Event | None
    reason: str = ""


def decode_record(body: bytes | None) -> DecodedRecord:
    """Decode a value. Never raises: whatever fails is in `reason`."""
    body = body or b""
    try:
        return DecodedRecord(body, envelope.decode(body))
    except Undecodable as unknown:
        reason = unknown.reason
    try:
        return DecodedRecord(body, envelope.decode_envelope(body), reason)
    except Undecodable:
        return DecodedRecord(body, None, reason)
