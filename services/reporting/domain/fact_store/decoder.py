"""Reads events from their bytes as lean facts. Pure.

Taps are nearly all there is to read. One made in a manner that was seen before (the same OPD, unit, post, site) is read
by msgspec, in a third of the time; the first of its manner, everything else and everything odd by the full decoder,
which alone says what is no event.
"""

from datetime import date, datetime
from math import ceil
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct, field

from services.reporting.domain.fact_store.compact import CompactTap, Fact, Manner, lean
from shared.domain.envelope import Undecodable, decode, source
from shared.domain.facts.attendance import CheckedIn, CheckedOut, PostTaken
from shared.domain.facts.base import EARLIEST, LATEST

FAST = {fact.TYPE.encode() for fact in (CheckedIn, CheckedOut, PostTaken)}
MOST, DIGITS = 2**63, 20

Instant = Annotated[datetime, Meta(tz=True)]
Whole = Annotated[int, Meta(ge=0)]


class _Place(Struct):
    class_: str = field(name="class")
    site: str | None = None


class _Evidence(Struct):
    kind: str
    accuracy_m: Whole | None = None
    distance_class: str | None = None


class _Data(Struct):
    region: str
    opd: str
    employee: UUID
    tap_date: date
    mode: str
    occurred_at: Instant
    received_at: Instant
    place: _Place
    evidence: _Evidence
    strength: str
    offline: bool
    client_id: str
    unit: str | None = None
    post: str | None = None


class _Wire(Struct):
    specversion: Literal["1.0"]
    id: UUID
    source: str
    type: str
    subject: str
    time: Instant
    recordedtime: Instant
    sequence: str
    streamversion: int
    partitionkey: str
    datacontenttype: Literal["application/json"]
    data: _Data
    chain: str
    correlationid: str | None = None
    causationid: str | None = None
    traceparent: str | None = None


_wire = msgspec.json.Decoder(_Wire)


class Reader:
    """Reads events; what their facts have in common is kept once."""

    def __init__(self) -> None:
        self._manners: dict[tuple[str | None, ...], Manner] = {}
        self._same: dict[bytes, bytes] = {}
        self._days: dict[date, date] = {}

    def read(self, body: bytes) -> Fact:
        """The fact that an event tells. Raises `Undecodable`."""
        wire = _quickly(body)
        seen = self._manners.get(_traits(wire)) if wire else None
        if wire and seen:
            return self._tap(wire, seen)
        fact = self._whole(body)
        if wire and isinstance(fact, CompactTap):
            self._manners[_traits(wire)] = fact.manner
        return fact

    def _whole(self, body: bytes) -> Fact:
        event = decode(body)
        if event.source != source(event.data.region, event.service) or event.partitionkey != event.data.partition_key:
            raise Undecodable(f"{event.source} with the key {event.partitionkey} is not of {event.data.partition_key}")
        return lean(event, self._one)

    def _tap(self, wire: _Wire, manner: Manner) -> CompactTap:
        told = wire.data
        occurred = told.occurred_at
        return CompactTap(
            wire.id.bytes,
            wire.recordedtime.timestamp(),
            self._days.setdefault(told.tap_date, told.tap_date),
            self._one(told.employee.bytes),
            occurred.timestamp(),
            ceil((told.received_at - occurred).total_seconds()),
            manner,
        )

    def _one(self, content: bytes) -> bytes:
        return self._same.setdefault(content, content)


def _traits(wire: _Wire) -> tuple[str | None, ...]:
    told, place = wire.data, wire.data.place
    return (wire.source, wire.type, wire.partitionkey, told.region, told.opd, told.unit, told.post, told.mode,
            told.strength, place.class_, place.site)  # fmt: skip


def _quickly(body: bytes) -> _Wire | None:
    """What canonical bytes of a tap tell; None for any other, and for what may be none."""
    if body[body.rfind(b'"type":"') + 8 : -2] not in FAST or not body.isascii():
        return None
    try:
        wire = _wire.decode(body)
    except (msgspec.MsgspecError, RecursionError):
        return None
    told = wire.sequence
    number = int(told) if len(told) <= DIGITS and told.isascii() and told.isdigit() else 0
    return wire if 1 <= number < MOST and EARLIEST <= wire.data.tap_date <= LATEST else None
