"""A record's value as far as it can be read."""

from typing import NamedTuple

from shared.domain import envelope
from shared.domain.envelope import Event, Undecodable


class Opened(NamedTuple):
    """Bytes and their event. With a reason, its meaning is unknown; without an event, nothing of it is known."""

    body: bytes
    event: Event | None
    reason: str = ""


def opened(body: bytes | None) -> Opened:
    """Read a value; whatever it is, there is an answer."""
    body = body or b""
    try:
        return Opened(body, envelope.decode(body))
    except Undecodable as unknown:
        reason = unknown.reason
    try:
        return Opened(body, envelope.envelope(body), reason)
    except Undecodable:
        return Opened(body, None, reason)
