"""Attendance: a tap is a fact, also a refused one. Lateness, and which shift it was for, are for readers to derive."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import AwareDatetime, Field

from shared.command import Context
from shared.facts.attendance import CheckedIn, CheckedOut, CheckInRefused, PostTaken, Tap
from shared.facts.fact import Code, Command, Fact, Invalid, Region
from shared.regions import local_date

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


@dataclass(frozen=True, slots=True)
class State:
    """One person's day: no decision on a tap depends on another tap."""

    taps: int = 0


initial = State()


def evolve(state: State, fact: Fact) -> State:
    """One more tap."""
    del fact
    return State(state.taps + 1)


def stream(command: RecordTap) -> str:
    """The day of one person: a function of the request alone."""
    day = local_date(command.occurred_at, command.region)
    return f"attendance/{command.region}/{command.opd}/{day}/{command.employee}"


def reads(command: RecordTap) -> tuple[str, ...]:
    """Nothing: no tap depends on another stream."""
    del command
    return ()


def event_id(command: RecordTap) -> UUID:
    """The same tap has the same id, whenever and however often the phone hands it in (design 3-contracts)."""
    return uuid5(NAMESPACE_URL, f"urn:piket:tap:{command.region}:{command.employee}:{command.press.client_id}")


def decide(command: RecordTap, states: Mapping[str, State], context: Context) -> Mapping[str, Sequence[Fact]]:
    """The tap as a fact; refused only for what the request itself proves. Raises `Invalid` for a post not named."""
    del states, context
    if command.kind == "post-taken" and command.press.post is None:
        raise Invalid("/post", "Sebutkan loket yang diambil alih.", "Name the post that is taken.")
    tap = _tap(command)
    if reason := _refusal(command):
        appeal_until = command.received_at + APPEAL
        more = {"attempted": command.kind, "reason": reason, "appeal_until": appeal_until}
        return {stream(command): [CheckInRefused.model_validate(tap | more)]}
    return {stream(command): [KINDS[command.kind].model_validate(tap)]}


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
