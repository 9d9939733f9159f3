"""Attendance: a tap is a fact, also a refused one. Lateness, and which shift it was for, are for readers to derive."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, assert_never
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import AwareDatetime, Field

from shared.domain.decider import Context
from shared.domain.facts.attendance import CheckedIn, CheckedOut, CheckInRefused, OutageApplied, PostTaken, Tap
from shared.domain.facts.base import Code, Command, Fact, Function, Invalid, Region
from shared.domain.regions import local_date

SKEW = timedelta(minutes=5)
"""How far a device's clock may run ahead before a tap comes from the future."""

OLDEST = timedelta(days=31)
"""A tap older than this was not made by a phone that lost its signal."""

FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
APPEAL = timedelta(days=3)
CERTAIN = frozenset({"SITE_CODE", "SUPERVISOR", "DEVICE"})
KINDS: Mapping[str, type[Tap]] = {"checked-in": CheckedIn, "checked-out": CheckedOut, "post-taken": PostTaken}


class TapPlace(Command):
    """The place as the phone classified it: coordinates stay on the phone."""

    class_: Literal["SITE", "OTHER_SITE", "HOME", "PUBLIC", "UNKNOWN"] = Field("UNKNOWN", alias="class")
    site: Code | None = None


class TapEvidence(Command):
    """What supports the place."""

    kind: Literal["GEOFENCE", "SITE_CODE", "SUPERVISOR", "DEVICE", "CLAIM"] = "CLAIM"
    accuracy_m: int | None = Field(None, ge=0, le=100_000)
    distance_class: Literal["INSIDE", "EDGE", "OUTSIDE"] | None = None


class Press(Command):
    """One press of the button. Without `occurred_at` the server's clock stands for a device that has none."""

    client_id: str = Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
    occurred_at: AwareDatetime | None = Field(None, ge=FIRST, le=LAST)
    employee: UUID | None = None
    mode: Literal["WFO", "WFH", "WFA"] = "WFO"
    unit: Code | None = None
    post: Code | None = None
    place: TapPlace = TapPlace()
    evidence: TapEvidence = TapEvidence()
    offline: bool = False


class RecordTap(Command):
    """A press by the person of the token, with both clocks."""

    kind: Literal["checked-in", "checked-out", "post-taken"]
    region: Region
    opd: Code
    employee: UUID
    occurred_at: AwareDatetime
    received_at: AwareDatetime
    press: Press


class Outage(Command):
    """Between `from` and `to` a channel took no taps in these OPD; until `grace_until` they may be handed in late."""

    outage: Code
    channel: Literal["APP", "KIOSK", "TERMINAL"] = "APP"
    from_: AwareDatetime = Field(alias="from", ge=FIRST, le=LAST)
    to: AwareDatetime = Field(ge=FIRST, le=LAST)
    grace_until: AwareDatetime = Field(ge=FIRST, le=LAST)
    by: Function
    opds: tuple[Code, ...] = Field(min_length=1, max_length=200)


class ApplyOutage(Outage):
    """Put an outage of a region on record, once for every OPD that it touched."""

    region: Region


AttendanceCommand = RecordTap | ApplyOutage


@dataclass(frozen=True, slots=True)
class State:
    """One person's day, in which no tap depends on another; or the outages of an OPD."""

    outages: tuple[OutageApplied, ...] = ()


initial = State()


def evolve(state: State, fact: Fact) -> State:
    """What a fact changes: taps change nothing that is decided on."""
    return State((*state.outages, fact)) if isinstance(fact, OutageApplied) else state


def outages(region: str, opd: str) -> str:
    """The stream of an OPD's outages."""
    return f"outages/{region}/{opd}"


def stream(command: AttendanceCommand) -> str:
    """The day of one person, by the request alone; for an outage, the first OPD that it names."""
    match command:
        case RecordTap():
            day = local_date(command.occurred_at, command.region)
            return f"attendance/{command.region}/{command.opd}/{day}/{command.employee}"
        case ApplyOutage():
            return outages(command.region, command.opds[0])
    assert_never(command)


def reads(command: AttendanceCommand) -> tuple[str, ...]:
    """Nothing for a tap; for an outage, every OPD that it names."""
    return tuple(outages(command.region, opd) for opd in command.opds) if isinstance(command, ApplyOutage) else ()


def event_id(command: RecordTap) -> UUID:
    """The same tap has the same id, whenever and however often the phone hands it in (design 3-contracts)."""
    return uuid5(NAMESPACE_URL, f"urn:piket:tap:{command.region}:{command.employee}:{command.press.client_id}")


def decide(command: AttendanceCommand, states: Mapping[str, State], context: Context) -> Mapping[str, Sequence[Fact]]:
    """The facts that a command makes. Raises `Invalid` for what it cannot mean."""
    match command:
        case RecordTap():
            return _record(command)
        case ApplyOutage():
            return _apply(command, states, context.now)
    assert_never(command)


def _record(command: RecordTap) -> Mapping[str, Sequence[Fact]]:
    """The tap as a fact; refused only for what the request itself proves."""
    if command.kind == "post-taken" and command.press.post is None:
        raise Invalid("/post", "Sebutkan loket yang diambil alih.", "Name the post that is taken.")
    tap = _tap(command)
    if reason := _refusal(command):
        appeal_until = command.received_at + APPEAL
        more = {"attempted": command.kind, "reason": reason, "appeal_until": appeal_until}
        return {stream(command): [CheckInRefused.model_validate(tap | more)]}
    return {stream(command): [KINDS[command.kind].model_validate(tap)]}


def _apply(command: ApplyOutage, states: Mapping[str, State], now: datetime) -> Mapping[str, Sequence[Fact]]:
    if command.from_ > now:
        raise Invalid("/from", "Gangguan ini belum mulai.", "This outage has not begun yet.")
    if not command.from_ < command.to <= command.grace_until:
        raise Invalid(
            "/to",
            "Gangguan harus berakhir sesudah mulai, dan masa susulan tidak boleh berakhir sebelum gangguan.",
            "An outage must end after it began, and the grace must not end before the outage.",
        )
    fields = command.model_dump(by_alias=True, exclude={"opds"})
    told = {opd: OutageApplied.model_validate({**fields, "opd": opd}) for opd in command.opds}
    places = {outages(command.region, opd): fact for opd, fact in told.items()}
    return {place: [fact] for place, fact in places.items() if fact not in states[place].outages}


def _refusal(command: RecordTap) -> str | None:
    if command.press.employee not in {None, command.employee}:
        return "SELF_MISMATCH"
    if not command.received_at - OLDEST <= command.occurred_at <= command.received_at + SKEW:
        return "IMPOSSIBLE_TIME"
    return None


def _tap(command: RecordTap) -> dict[str, object]:
    press = command.press.model_dump(exclude={"employee", "occurred_at"}, by_alias=True)
    return press | {
        "region": command.region,
        "opd": command.opd,
        "employee": command.employee,
        "occurred_at": command.occurred_at,
        "received_at": command.received_at,
        "tap_date": local_date(command.occurred_at, command.region),
        "strength": _strength(command.press.evidence, offline=command.press.offline),
    }


def _strength(evidence: TapEvidence, *, offline: bool) -> str:
    inside = evidence.kind == "GEOFENCE" and evidence.distance_class == "INSIDE"
    return "CONFIRMED" if not offline and (inside or evidence.kind in CERTAIN) else "CLAIMED"
