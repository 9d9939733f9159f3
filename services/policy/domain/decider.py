"""Decides on policy commands: instruments, calendar, OPD and units, one kind of stream for each of these.

A change for a region also publishes the new effective policy of every OPD that it affects, in the same decision.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from typing import TypeVar, assert_never

from services.policy.domain.calendar import CalendarState, declare_holidays, evolve_calendar
from services.policy.domain.commands import DeclareHolidays, InstrumentCommand, PolicyCommand
from services.policy.domain.instruments.decision import Decision
from services.policy.domain.instruments.effective_policy import EffectivePolicy
from services.policy.domain.instruments.handlers import decide_instrument
from services.policy.domain.instruments.lifecycle import InstrumentsState, evolve_instruments
from services.policy.domain.opd.arrangements import ArrangementState, arrange_unit, evolve_arrangement
from services.policy.domain.opd.closing import close_opd
from services.policy.domain.opd.register import OpdEntry, OpdState, Register, evolve_opd, existing_opds, open_opd
from services.policy.domain.opd_commands import ArrangeUnit, MergeOpd, OpenOpd, SplitOpd
from services.policy.domain.validation.command_errors import validate_command
from shared.domain.decider import Context
from shared.domain.facts import instruments
from shared.domain.facts.base import Fact
from shared.domain.facts.policy import ArrangementChanged, HolidayDeclared, OpdOpened
from shared.domain.regions import local_date


@dataclass(frozen=True, slots=True)
class EmptyStream:
    """The state of a stream without events. Its first event decides of which kind it is."""


State = EmptyStream | InstrumentsState | CalendarState | OpdState | ArrangementState
"""The state of one stream, by kind of stream."""

initial: State = EmptyStream()
States = Mapping[str, State]
FactsByStream = Mapping[str, Sequence[Fact]]

S = TypeVar("S", InstrumentsState, CalendarState, OpdState, ArrangementState)


def stream(command: PolicyCommand) -> str:
    """Return the primary stream of a command."""
    if isinstance(command, InstrumentCommand):
        return f"instruments/{command.region}"
    match command:
        case OpenOpd() | MergeOpd() | SplitOpd():
            return f"policy/{command.region}/{command.opd}"
        case ArrangeUnit():
            return f"arrangement/{command.region}/{command.opd}/{command.unit}"
        case DeclareHolidays():
            return f"calendar/{command.region}"
    assert_never(command)


def reads(command: PolicyCommand) -> tuple[str, ...]:
    """Return the further streams that a command reads; a trailing slash means all streams below."""
    regional = (f"instruments/{command.region}", f"calendar/{command.region}")
    if isinstance(command, InstrumentCommand):
        # A changed rule is published to every OPD of the region, so the state of each is needed.
        return (*regional, f"policy/{command.region}/")
    match command:
        case OpenOpd():
            return regional
        case ArrangeUnit():
            return (f"policy/{command.region}/{command.opd}",)
        case MergeOpd() | SplitOpd():
            # The successors must exist, and no OPD may end before it takes over the duties of another: read all.
            return (f"policy/{command.region}/",)
        case DeclareHolidays():
            return (*regional, f"policy/{command.region}/")
    assert_never(command)


def evolve(state: State, fact: Fact) -> State:
    """Return the state after one more event. Unknown events change nothing."""
    match state:
        case EmptyStream():
            return _first_state(fact)
        case InstrumentsState():
            return evolve_instruments(state, fact)
        case CalendarState():
            return evolve_calendar(state, fact)
        case OpdState():
            return evolve_opd(state, fact)
        case ArrangementState():
            return evolve_arrangement(state, fact)
    assert_never(state)


def _first_state(fact: Fact) -> State:
    """Return the state of a stream that begins with an event; after an unknown event it is still empty."""
    match fact:
        case HolidayDeclared():
            return evolve_calendar(CalendarState(), fact)
        case OpdOpened():
            return OpdState(OpdEntry(fact, None))
        case ArrangementChanged():
            return evolve_arrangement(ArrangementState(), fact)
    return evolve_instruments(InstrumentsState(), fact) if isinstance(fact, instruments.FACTS) else initial


def instruments_state(state: State) -> InstrumentsState:
    """Return the state of a stream `instruments/…`, also if it has no events."""
    return _of_kind(InstrumentsState, state) or InstrumentsState()


def calendar_state(state: State) -> CalendarState:
    """Return the state of a stream `calendar/…`, also if it has no events."""
    return _of_kind(CalendarState, state) or CalendarState()


def opd_state(state: State) -> OpdState | None:
    """Return the state of a stream `policy/…`; None if it has no events, so the OPD is not registered."""
    return _of_kind(OpdState, state)


def arrangement_state(state: State) -> ArrangementState:
    """Return the state of a stream `arrangement/…`, also if it has no events."""
    return _of_kind(ArrangementState, state) or ArrangementState()


def _of_kind(kind: type[S], state: State) -> S | None:
    if isinstance(state, EmptyStream):
        return None
    if not isinstance(state, kind):
        raise TypeError(f"the stream is of kind {type(state).__name__}, not {kind.__name__}")
    return state


def register_of(states: States) -> Register:
    """Return the register entries among the states of several streams."""
    return {state.entry.opened.opd: state.entry for state in states.values() if isinstance(state, OpdState)}


def decide(command: PolicyCommand, states: States, context: Context) -> FactsByStream:
    """Return the new events by stream; empty if nothing changes. Raise `Invalid` for an impossible command."""
    validate_command(command)
    today = local_date(context.now, command.region)
    name = stream(command)
    if isinstance(command, InstrumentCommand):
        existing = frozenset(existing_opds(register_of(states), today))
        decisions = decide_instrument(command, instruments_state(states[name]), existing, today)
        return _with_policy_changes(command, states, decisions, today)
    match command:
        case DeclareHolidays():
            decisions = declare_holidays(command, calendar_state(states[name]), today)
            return _with_policy_changes(command, states, decisions, today)
        case OpenOpd():
            recorded = instruments_state(states[f"instruments/{command.region}"]).instruments
            calendar = calendar_state(states[f"calendar/{command.region}"])
            return _by_stream(name, open_opd(command, opd_state(states[name]), recorded, calendar, today))
        case ArrangeUnit():
            opd = opd_state(states[f"policy/{command.region}/{command.opd}"])
            arrangement = arrangement_state(states[name])
            return _by_stream(name, arrange_unit(command, arrangement, opd.entry if opd else None))
        case MergeOpd() | SplitOpd():
            end = close_opd(command, register_of(states))
            return _by_stream(name, [end] if end else [])
    assert_never(command)


def _by_stream(name: str, facts: Sequence[Fact]) -> FactsByStream:
    return {name: facts} if facts else {}


def _with_policy_changes(
    command: InstrumentCommand | DeclareHolidays, states: States, decisions: Sequence[Decision], today: date
) -> FactsByStream:
    """Return the decided events, and the new policy of every existing OPD that they affect."""
    if not decisions:
        return {}
    name = stream(command)
    events = [decision.fact for decision in decisions]
    after = {**states, name: reduce(evolve, events, states[name])}
    recorded = instruments_state(after[f"instruments/{command.region}"]).instruments
    effective = EffectivePolicy(recorded, calendar_state(after[f"calendar/{command.region}"]).holidays)
    facts: dict[str, Sequence[Fact]] = {name: events}
    for opd_stream, state in states.items():
        # No decision affects an OPD that has ended (docs/decisions/0014).
        if isinstance(state, OpdState) and state.entry.exists_on(today):
            opd = state.entry.opened
            changes = [d.change for d in decisions if d.change and (not d.opds or opd.opd in d.opds)]
            if changes:
                facts[opd_stream] = effective.policy_changed_events(opd, changes, state.policy)
    return facts
