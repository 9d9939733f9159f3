"""Decides the commands of attendance: every tap becomes a fact, also a refused one.

Lateness, and the shift that a tap belongs to, are not decided here. `services/reporting` derives the shift from rosters
and taps; nothing derives lateness yet.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never
from uuid import NAMESPACE_URL, UUID, uuid5

from services.attendance.domain.commands import ApplyOutage, AttendanceCommand, RecordTap, TapEvidence
from shared.domain.decider import Context
from shared.domain.errors import Invalid
from shared.domain.facts.attendance import CheckedIn, CheckedOut, CheckInRefused, OutageApplied, PostTaken, Tap
from shared.domain.facts.base import Fact
from shared.domain.messages import Message
from shared.domain.regions import local_date

MAX_CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead of the server a device's clock may be; a later tap is refused."""

MAX_TAP_AGE = timedelta(days=31)
"""How old a tap may be when it is submitted; a phone without signal submits it sooner."""

APPEAL_PERIOD = timedelta(days=3)
CONFIRMING_EVIDENCE = frozenset({"SITE_CODE", "SUPERVISOR", "DEVICE"})
FACT_OF_KIND: Mapping[str, type[Tap]] = {"checked-in": CheckedIn, "checked-out": CheckedOut, "post-taken": PostTaken}


@dataclass(frozen=True, slots=True)
class State:
    """The state of one stream: the outages of an OPD; empty for a person's day, in which no tap depends on another."""

    outages: tuple[OutageApplied, ...] = ()


initial = State()


def evolve(state: State, fact: Fact) -> State:
    """Return the state after a fact. Taps change nothing, because no decision depends on earlier taps."""
    return State((*state.outages, fact)) if isinstance(fact, OutageApplied) else state


def outages_stream(region: str, opd: str) -> str:
    """Return the stream that holds the outages of an OPD."""
    return f"outages/{region}/{opd}"


def stream(command: AttendanceCommand) -> str:
    """Return the primary stream: the day of one person; for an outage that of the first OPD in the list."""
    match command:
        case RecordTap():
            day = local_date(command.occurred_at, command.region)
            return f"attendance/{command.region}/{command.opd}/{day}/{command.employee}"
        case ApplyOutage():
            return outages_stream(command.region, command.opds[0])
    assert_never(command)


def reads(command: AttendanceCommand) -> tuple[str, ...]:
    """Return the further streams that a decision reads: none for a tap; for an outage those of all its OPD."""
    if not isinstance(command, ApplyOutage):
        return ()
    return tuple(outages_stream(command.region, opd) for opd in command.opds)


def event_id(command: RecordTap) -> UUID:
    """Return the id of a tap: a function of region, employee and `client_id`, the same each time a phone submits it."""
    return uuid5(NAMESPACE_URL, f"urn:piket:tap:{command.region}:{command.employee}:{command.request.client_id}")


def decide(command: AttendanceCommand, states: Mapping[str, State], context: Context) -> Mapping[str, Sequence[Fact]]:
    """Return the facts of a command by stream. Raises `Invalid` for a command that has no valid meaning."""
    match command:
        case RecordTap():
            return _decide_tap(command)
        case ApplyOutage():
            return _decide_outage(command, states, context.now)
    assert_never(command)


def _decide_tap(command: RecordTap) -> Mapping[str, Sequence[Fact]]:
    """Return the tap as a fact. It is refused only for reasons that the request itself proves."""
    if command.kind == "post-taken" and command.request.post is None:
        raise Invalid("/post", Message("Sebutkan loket yang diambil alih."))
    tap = _tap_fields(command)
    if reason := _refusal_reason(command):
        appeal_until = command.received_at + APPEAL_PERIOD
        refusal = {"attempted": command.kind, "reason": reason, "appeal_until": appeal_until}
        return {stream(command): [CheckInRefused.model_validate(tap | refusal)]}
    return {stream(command): [FACT_OF_KIND[command.kind].model_validate(tap)]}


def _decide_outage(command: ApplyOutage, states: Mapping[str, State], now: datetime) -> Mapping[str, Sequence[Fact]]:
    if command.from_ > now:
        raise Invalid("/from", Message("Gangguan ini belum mulai."))
    if not command.from_ < command.to <= command.grace_until:
        raise Invalid(
            "/to",
            Message("Gangguan harus berakhir sesudah mulai, dan masa susulan tidak boleh berakhir sebelum gangguan."),
        )
    fields = command.model_dump(by_alias=True, exclude={"opds"})
    outages = {
        outages_stream(command.region, opd): OutageApplied.model_validate({**fields, "opd": opd})
        for opd in command.opds
    }
    # A repeat adds only the OPD that did not have this outage yet.
    return {name: [outage] for name, outage in outages.items() if outage not in states[name].outages}


def _refusal_reason(command: RecordTap) -> str | None:
    if command.request.employee not in {None, command.employee}:
        return "SELF_MISMATCH"
    if not command.received_at - MAX_TAP_AGE <= command.occurred_at <= command.received_at + MAX_CLOCK_SKEW:
        return "IMPOSSIBLE_TIME"
    return None


def _tap_fields(command: RecordTap) -> dict[str, object]:
    # The employee comes from the token, and `occurred_at` may be missing in the request: both are set below.
    fields = command.request.model_dump(exclude={"employee", "occurred_at"}, by_alias=True)
    return fields | {
        "region": command.region,
        "opd": command.opd,
        "employee": command.employee,
        "occurred_at": command.occurred_at,
        "received_at": command.received_at,
        # In the zone of the region, not of the site: a function of the request alone, which needs no other data.
        "tap_date": local_date(command.occurred_at, command.region),
        "strength": _strength(command.request.evidence, offline=command.request.offline),
    }


def _strength(evidence: TapEvidence, *, offline: bool) -> str:
    # An offline tap remains a claim until its evidence is accepted, whatever proves the place.
    inside = evidence.kind == "GEOFENCE" and evidence.distance_class == "INSIDE"
    return "CONFIRMED" if not offline and (inside or evidence.kind in CONFIRMING_EVIDENCE) else "CLAIMED"
