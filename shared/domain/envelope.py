"""The wire format: CloudEvents 1.0 in structured JSON, one contiguous sequence and one hash chain per source.

Stored, sent and read as the very same bytes: RFC 8785 canonical JSON (RFC 3339 times in UTC).
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

FIRST_CHAIN = "0" * 64
CONTENT_TYPE = "application/cloudevents+json"
FACTS: Mapping[str, type[Fact]] = {fact.TYPE: fact for module in (policy, roster, attendance) for fact in module.FACTS}


def _number(written: object) -> int:
    """Read a sequence: digits on the wire, a number inside."""
    if isinstance(written, int) and not isinstance(written, bool):
        return written
    if isinstance(written, str) and written.isascii() and written.isdigit():
        return int(written)
    raise ValueError("a sequence is written in digits")


Sequence20 = Annotated[
    int, BeforeValidator(_number), Field(ge=1, lt=2**63), PlainSerializer(lambda n: f"{n:020d}", return_type=str)
]


class Undecodable(Exception):
    """Bytes that no fact can be read from. `reason` is a short sentence for the dead letter."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Event(BaseModel):
    """A recorded fact in its CloudEvents envelope (design 3-contracts)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"] = "1.0"
    id: UUID
    source: str
    type: str
    subject: str
    time: AwareDatetime
    recordedtime: AwareDatetime
    sequence: Sequence20
    streamversion: int
    partitionkey: str
    datacontenttype: Literal["application/json"] = "application/json"
    correlationid: str | None = None
    causationid: str | None = None
    traceparent: str | None = None
    chain: str = ""
    data: SerializeAsAny[Fact]

    @property
    def service(self) -> str:
        """The publishing service, from `/piket/{region}/{service}`."""
        return self.source.rsplit("/", 1)[-1]


class Sealed(NamedTuple):
    """An event with its chain, and the bytes that are stored and sent."""

    event: Event
    body: bytes


def source(region: str, service: str) -> str:
    """`/piket/{region}/{service}`."""
    return f"/piket/{region}/{service}"


def topic(region: str, service: str) -> str:
    """The Kafka topic of a source."""
    return f"piket.{region}.{service}.v1"


def name(event_type: str) -> str:
    """`checked-in` of `id.piket.attendance.checked-in.v1`."""
    return event_type.split(".")[3]


def link(previous: str, canonical: bytes) -> str:
    """The chain of an event: sha256(previous as 32 bytes, then RFC 8785 of the event without `chain`), in hex."""
    return hashlib.sha256(bytes.fromhex(previous) + canonical).hexdigest()


def seal(event: Event, previous: str) -> Sealed:
    """Chain an event to its predecessor in the source and write its bytes.

    Canonical members stand in the order of their names, so `chain` is put between its neighbours, not written anew.
    """
    content = event.model_dump(mode="json", exclude_none=True, exclude={"chain"})
    before = rfc8785.dumps({name: value for name, value in content.items() if name < "chain"})[1:-1]
    after = rfc8785.dumps({name: value for name, value in content.items() if name > "chain"})[1:-1]
    chain = link(previous, _members(before, after))
    return Sealed(event.model_copy(update={"chain": chain}), _members(before, b'"chain":"%b"' % chain.encode(), after))


def _members(*members: bytes) -> bytes:
    return b"{" + b",".join(filter(None, members)) + b"}"


def encode(event: Event) -> bytes:
    """The canonical bytes of an event."""
    return rfc8785.dumps(event.model_dump(mode="json", exclude_none=True))


def chain_holds(body: bytes, previous: str) -> bool:
    """Whether these bytes follow `previous` unaltered; needs no knowledge of the event's type."""
    content = from_json(body)
    return bool(content.pop("chain", None) == link(previous, rfc8785.dumps(content)))


class _Envelope(Event):
    """The envelope before the meaning of its data is known."""

    data: dict[str, Any]  # type: ignore[assignment]


_envelope = TypeAdapter(_Envelope)


def envelope(body: bytes) -> Event:
    """Read where an event stands, whatever it means: its data stay a mapping. Raises `Undecodable`."""
    try:
        return _envelope.validate_json(body)
    except ValidationError as broken:
        raise Undecodable(_first(broken)) from broken


_told: Mapping[str, TypeAdapter[Event]] = {
    type_: TypeAdapter(create_model(fact.__name__, __base__=Event, data=(fact, ...))) for type_, fact in FACTS.items()
}


def decode(body: bytes) -> Event:
    """Read an event. Raises `Undecodable` for broken bytes, a broken envelope, an unknown type or broken data.

    Canonical bytes end in their type: then envelope and data are read in one pass.
    """
    type_ = body.rpartition(b'"type":"')[2].partition(b'"')[0].decode(errors="replace")
    if type_ in _told:
        with suppress(ValidationError):  # what is wrong is told below
            read = _told[type_].validate_json(body)
            if read.type == type_:
                return Event.model_construct(**read.__dict__)
    return _decode_apart(body)


def _decode_apart(body: bytes) -> Event:
    read = envelope(body)
    fact = FACTS.get(read.type)
    if fact is None:
        raise Undecodable(f"unknown event type {read.type!r}")
    try:
        data = fact.model_validate(read.data)
    except ValidationError as broken:
        raise Undecodable(_first(broken)) from broken
    return Event.model_construct(**{**read.__dict__, "data": data})


def _first(broken: ValidationError) -> str:
    error = broken.errors(include_url=False, include_context=False, include_input=False)[0]
    return f"{'.'.join(map(str, error['loc'])) or 'event'}: {error['msg']}"
