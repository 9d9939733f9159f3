"""Policy: an instrument or a day of the calendar, an OPD, a unit's arrangement; every OPD it touches is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import reduce
from typing import assert_never

from services.policy.commands import (
    ArrangeUnit,
    DeclareHolidays,
    EnactInstrument,
    OpenOpd,
    PolicyCommand,
    RevokeInstrument,
)
from services.policy.effective import declared, effective, enacted, revoked
from services.policy.faults import check
from services.policy.resolution import Binding, bound
from shared.command import Context
from shared.facts.fact import Fact, Invalid
from shared.facts.policy import (
    ArrangementChanged,
    Change,
    Holiday,
    HolidayDeclared,
    InstrumentEnacted,
    InstrumentRevoked,
    OpdOpened,
    PolicyChanged,
)
from shared.regions import local_date


@dataclass(frozen=True, slots=True)
class State:
    """One stream: a region's instruments or its calendar, an OPD's register entry, or a unit's arrangement."""

    bindings: tuple[Binding, ...] = ()
    holidays: tuple[Holiday, ...] = ()
    opd: OpdOpened | None = None
    policy: PolicyChanged | None = None
    arrangement: ArrangementChanged | None = None


initial = State()
States = Mapping[str, State]
Facts = Mapping[str, Sequence[Fact]]
RegionCommand = EnactInstrument | RevokeInstrument | DeclareHolidays


def stream(command: PolicyCommand) -> str:
    """The primary stream of a command."""
    match command:
        case EnactInstrument() | RevokeInstrument():
            return f"instruments/{command.region}"
        case DeclareHolidays():
            return f"calendar/{command.region}"
        case OpenOpd():
            return f"policy/{command.region}/{command.opd}"
        case ArrangeUnit():
            return f"arrangement/{command.region}/{command.opd}/{command.unit}"
    assert_never(command)


def reads(command: PolicyCommand) -> tuple[str, ...]:
    """What else a command must see: what binds the region, and whoever is told of a change of it."""
    match command:
        case EnactInstrument() | RevokeInstrument() | DeclareHolidays():
            return (f"instruments/{command.region}", f"calendar/{command.region}", f"policy/{command.region}/")
        case OpenOpd():
            return (f"instruments/{command.region}", f"calendar/{command.region}")
        case ArrangeUnit():
            return (f"policy/{command.region}/{command.opd}",)
    assert_never(command)


def evolve(state: State, fact: Fact) -> State:
    """What a fact changes."""
    match fact:
        case InstrumentEnacted():
            state = replace(state, bindings=(*state.bindings, bound(fact)))
        case InstrumentRevoked(instrument=name, binds_until=until):
            state = replace(state, bindings=tuple(_ended(b, name, until) for b in state.bindings))
        case HolidayDeclared(holiday=holiday):
            others = (h for h in state.holidays if h.date != holiday.date)
            state = replace(state, holidays=(*others, holiday))
        case OpdOpened():
            state = replace(state, opd=fact)
        case PolicyChanged():
            state = replace(state, policy=fact)
        case ArrangementChanged():
            state = replace(state, arrangement=fact)
    return state


def decide(command: PolicyCommand, states: States, context: Context) -> Facts:
    """The facts that a command makes, by stream; an empty answer means that nothing changes. Raises `Invalid`."""
    check(command)
    today = local_date(context.now, command.region)
    match command:
        case EnactInstrument():
            return _enact(command, states, today)
        case RevokeInstrument():
            return _revoke(command, states, today)
        case DeclareHolidays():
            return _declare(command, states, today)
        case OpenOpd():
            return _open(command, states, today)
        case ArrangeUnit():
            return _arrange(command, states)
    assert_never(command)


def _enact(command: EnactInstrument, states: States, today: date) -> Facts:
    instrument = command.instrument
    before = _last(states[stream(command)], instrument.instrument)
    if before and before.instrument != instrument:
        raise Invalid(
            "/instrument/instrument",
            f"Instrumen {instrument.instrument} sudah ditetapkan dengan isi lain; beri nama baru untuk perubahannya.",
            f"Instrument {instrument.instrument} is enacted already with other content; give the change its own name.",
        )
    if before and not before.revoked:
        return {}
    published = instrument.published_on if command.published_attested_by else max(instrument.published_on, today)
    # what was revoked binds again from now on: nobody attests that it was never revoked
    first = max(instrument.effective_from, published, *((before.until, today) if before else ()))
    fact = InstrumentEnacted(
        region=command.region,
        instrument=instrument,
        binds_from=first,
        published_attested_by=command.published_attested_by,
    )
    return _tell(command, states, [fact], enacted(bound(fact)))


def _revoke(command: RevokeInstrument, states: States, today: date) -> Facts:
    binding = _last(states[stream(command)], command.instrument)
    if binding is None:
        raise Invalid(
            "/instrument",
            f"Instrumen {command.instrument} tidak dikenal di wilayah {command.region}.",
            f"Instrument {command.instrument} is unknown in region {command.region}.",
        )
    until = max(command.effective_from, command.published_on, today)
    if until >= binding.until:
        return {}
    fact = InstrumentRevoked(**command.model_dump(), binds_until=until)
    return _tell(command, states, [fact], revoked(fact))


def _declare(command: DeclareHolidays, states: States, today: date) -> Facts:
    asked = [Holiday(**vars(day)) for day in command.holidays]
    days = [day for day in asked if day not in states[stream(command)].holidays]
    if not days:
        return {}
    facts = [HolidayDeclared(region=command.region, holiday=day) for day in days]
    return _tell(command, states, facts, declared(days, today))


def _tell(command: RegionCommand, states: States, facts: Sequence[Fact], change: Change) -> Facts:
    """Facts of a whole region, and what they make of the policy of every open OPD."""
    own = stream(command)
    after = {**states, own: reduce(evolve, facts, states[own])}
    binding = effective(after[f"instruments/{command.region}"].bindings, after[f"calendar/{command.region}"].holidays)
    told = {name: [binding.told(state.opd, change, state.policy)] for name, state in states.items() if state.opd}
    return {own: facts, **told}


def _open(command: OpenOpd, states: States, today: date) -> Facts:
    if states[stream(command)].opd:
        return {}
    opened = OpdOpened(**command.model_dump())
    bindings = states[f"instruments/{command.region}"].bindings
    holidays = states[f"calendar/{command.region}"].holidays
    binding = effective(bindings, holidays)
    calendar = [declared(holidays, today)] if holidays else []
    changes = [*calendar, *(enacted(b) for b in bindings if max(b.first, today) < b.until)]
    return {stream(command): [opened, *(binding.told(opened, change) for change in changes[-1:])]}


def _arrange(command: ArrangeUnit, states: States) -> Facts:
    if not states[f"policy/{command.region}/{command.opd}"].opd:
        raise Invalid(
            "/opd",
            f"OPD {command.opd} belum terdaftar di wilayah {command.region}.",
            f"OPD {command.opd} is not in the register of region {command.region}.",
        )
    fact = ArrangementChanged.model_validate(command.model_dump(by_alias=True))
    return {} if states[stream(command)].arrangement == fact else {stream(command): [fact]}


def _last(region: State, name: str) -> Binding | None:
    return next((b for b in reversed(region.bindings) if b.instrument.instrument == name), None)


def _ended(binding: Binding, name: str, until: date) -> Binding:
    named = binding.instrument.instrument == name
    return replace(binding, until=min(binding.until, until)) if named else binding
