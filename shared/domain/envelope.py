"""Defines the wire format: CloudEvents 1.0 in structured JSON, with a contiguous sequence and a hash chain per source.

An event is stored, sent and read as the same bytes: RFC 8785 canonical JSON, times as RFC 3339 in UTC.
"""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID

import rfc8785
from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SerializeAsAny,
    TypeAdapter,
    ValidationError,
    create_model,
)
from pydantic_core import from_json

from shared.domain.facts import attendance, policy, roster
from shared.domain.facts.base import Fact
from shared.domain.facts.reporting import dead_letters

FIRST_CHAIN = "0" * 64
CONTENT_TYPE = "application/cloudevents+json"
FACT_TYPES: Mapping[str, type[Fact]] = {
    fact.TYPE: fact for module in (policy, roster, attendance, dead_letters) for fact in module.FACTS
}


def _parse_sequence(value: object) -> int:
    """Return a sequence as a number: on the wire it is a string of 20 digits, in Python an int."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    raise ValueError("a sequence is written in digits")


SequenceNumber = Annotated[
    int,
    BeforeValidator(_parse_sequence),
    Field(ge=1, lt=2**63),
    PlainSerializer(lambda n: f"{n:020d}", return_type=str),  # CloudEvents compares sequences as text
]


class Undecodable(Exception):
    """The bytes do not hold a fact. `reason` is a short sentence for the dead letter."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Event(BaseModel):
    """A recorded fact in its envelope: CloudEvents 1.0 with extension attributes such as sequence and chain."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"] = "1.0"
    id: UUID
    source: str
    type: str
    subject: str
    time: AwareDatetime
    recordedtime: AwareDatetime
    sequence: SequenceNumber
    streamversion: int
    partitionkey: str
    datacontenttype: Literal["application/json"] = "application/json"
    correlationid: str | None = None
    causationid: str | None = None
    traceparent: str | None = None
    chain: str = ""
    data: SerializeAsAny[Fact]  # otherwise pydantic writes only the fields of `Fact` itself

    @property
    def service(self) -> str:
        """The service that published the event, from `/piket/{region}/{service}`."""
        return self.source.rsplit("/", 1)[-1]


class SealedEvent(NamedTuple):
    """An event with its chain hash, and the bytes that are stored and sent."""

    event: Event
    body: bytes


def source(region: str, service: str) -> str:
    """Return the source of a region's service: `/piket/{region}/{service}`."""
    return f"/piket/{region}/{service}"


def topic(region: str, service: str) -> str:
    """Return the Kafka topic of a source: `piket.{region}.{service}.v1`."""
    return f"piket.{region}.{service}.v1"


def event_name(event_type: str) -> str:
    """Return the short name of an event type: `checked-in` for `id.piket.attendance.checked-in.v1`."""
    return event_type.split(".")[3]


def chain_hash(previous: str, canonical: bytes) -> str:
    """Return the chain hash of an event in hex: sha256 of `previous` (32 bytes) and the event without `chain`."""
    return hashlib.sha256(bytes.fromhex(previous) + canonical).hexdigest()


def seal(event: Event, previous: str) -> SealedEvent:
    """Chain an event to its predecessor in the source and serialise it."""
    # RFC 8785 sorts members by name, so `chain` can be inserted between the members before and after it. That saves a
    # second serialisation of the whole event: 60 instead of 101 microseconds for a tap.
    content = event.model_dump(mode="json", exclude_none=True, exclude={"chain"})
    before = rfc8785.dumps({name: value for name, value in content.items() if name < "chain"})[1:-1]
    after = rfc8785.dumps({name: value for name, value in content.items() if name > "chain"})[1:-1]
    chain = chain_hash(previous, _join_members(before, after))
    body = _join_members(before, b'"chain":"%b"' % chain.encode(), after)
    return SealedEvent(event.model_copy(update={"chain": chain}), body)


def _join_members(*members: bytes) -> bytes:
    return b"{" + b",".join(filter(None, members)) + b"}"


def encode(event: Event) -> bytes:
    """Return the canonical bytes of an event."""
    return rfc8785.dumps(event.model_dump(mode="json", exclude_none=True))


def is_chained_to(body: bytes, previous: str) -> bool:
    """Return whether these bytes are unaltered and follow `previous`. Works for any event type."""
    content = from_json(body)
    return bool(content.pop("chain", None) == chain_hash(previous, rfc8785.dumps(content)))


class _Envelope(Event):
    """An event of any type: its data is not validated."""

    data: dict[str, Any]  # type: ignore[assignment]


_envelope = TypeAdapter(_Envelope)


def decode_envelope(body: bytes) -> Event:
    """Decode the envelope of an event of any type; its data stays a mapping. Raises `Undecodable`."""
    try:
        return _envelope.validate_json(body)
    except ValidationError as error:
        raise Undecodable(_first_error(error)) from error


_decoders: Mapping[str, TypeAdapter[Event]] = {
    type_: TypeAdapter(create_model(fact.__name__, __base__=Event, data=(fact, ...)))
    for type_, fact in FACT_TYPES.items()
}


def decode(body: bytes) -> Event:
    """Decode an event. Raises `Undecodable` for broken bytes, a broken envelope, an unknown type or broken data."""
    # `type` is the last member of canonical bytes, so it can be found without parsing. Envelope and data are then
    # validated in one pass, about a tenth faster for a tap.
    type_ = body.rpartition(b'"type":"')[2].partition(b'"')[0].decode(errors="replace")
    if type_ in _decoders:
        with suppress(ValidationError):  # decoding in two steps finds out what is wrong
            read = _decoders[type_].validate_json(body)
            if read.type == type_:  # in bytes that are not canonical, the last "type" may be a member of the data
                # Not `read` itself, which is of a generated class: both ways of decoding must return an `Event`.
                return Event.model_construct(**read.__dict__)
    return _decode_in_two_steps(body)


def _decode_in_two_steps(body: bytes) -> Event:
    read = decode_envelope(body)
    fact = FACT_TYPES.get(read.type)
    if fact is None:
        raise Undecodable(f"unknown event type {read.type!r}")
    try:
        data = fact.model_validate(read.data)
    except ValidationError as error:
        raise Undecodable(_first_error(error)) from error
    return Event.model_construct(**{**read.__dict__, "data": data})


def _first_error(invalid: ValidationError) -> str:
    error = invalid.errors(include_url=False, include_context=False, include_input=False)[0]
    return f"{'.'.join(map(str, error['loc'])) or 'event'}: {error['msg']}"
