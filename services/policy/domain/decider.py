"""Policy: an instrument or a day of the calendar, an OPD, a unit's arrangement; every OPD it touches is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import reduce

from services.policy.domain.commands import (
    AmendInstrument,
    ArrangeUnit,
    DeclareHolidays,
    EnactInstrument,
    InstrumentCommand,
    MergeOpd,
    OpenOpd,
    PolicyCommand,
    ResumeInstrument,
    ScheduleInstrument,
    SplitOpd,
)
from services.policy.domain.instruments.consistency import shortage_faults
from services.policy.domain.instruments.decision import Desk, Told, binding
from services.policy.domain.instruments.effective_policy import Effective, declared
from services.policy.domain.instruments.handlers import decided
from services.policy.domain.instruments.lifecycle import Courses, recorded
from services.policy.domain.opd_register import End, Entry, Register, arranging_faults, ended, names, opening_faults
from services.policy.domain.reference_data.unit_types import kinds_of
from services.policy.domain.validation.command_errors import check, past_faults
from services.policy.domain.validation.rule_errors import raised
from shared.domain.decider import Context
from shared.domain.facts.base import Fact
from shared.domain.facts.policy import (
    ArrangementChanged,
    Holiday,
    HolidayDeclared,
    InstrumentDeclined,
    OpdMerged,
    OpdOpened,
    OpdSplit,
    PolicyChanged,
    Recommendation,
)
from shared.domain.regions import local_date


@dataclass(frozen=True, slots=True)
class State:
    """One stream: a region's instruments or its calendar, an OPD's register entry, or a unit's arrangement."""

    courses: Courses = field(default_factory=dict)
    declined: frozenset[Recommendation] = frozenset()
    holidays: tuple[Holiday, ...] = ()
    opd: OpdOpened | None = None
    end: End | None = None
    policy: PolicyChanged | None = None
    arranged: tuple[ArrangementChanged, ...] = ()

    @property
    def arrangement(self) -> ArrangementChanged | None:
        """What was stated last of the unit that this stream is about."""
        return self.arranged[-1] if self.arranged else None

    @property
    def entry(self) -> Entry | None:
        """The entry of the register that this stream is about."""
        return Entry(self.opd, self.end) if self.opd else None


initial = State()
States = Mapping[str, State]
Facts = Mapping[str, Sequence[Fact]]


def stream(command: PolicyCommand) -> str:
    """The primary stream of a command."""
    match command:
        case OpenOpd() | MergeOpd() | SplitOpd():
            return f"policy/{command.region}/{command.opd}"
        case ArrangeUnit():
            return f"arrangement/{command.region}/{command.opd}/{command.unit}"
        case DeclareHolidays():
            return f"calendar/{command.region}"
    return f"instruments/{command.region}"


def reads(command: PolicyCommand) -> tuple[str, ...]:
    """What else a command must see: what binds the region, and whoever is told of a change of it."""
    match command:
        case OpenOpd():
            return (f"instruments/{command.region}", f"calendar/{command.region}")
        case ArrangeUnit():
            return (f"policy/{command.region}/{command.opd}",)
        case MergeOpd() | SplitOpd():
            return (f"policy/{command.region}/",)
    return (f"instruments/{command.region}", f"calendar/{command.region}", f"policy/{command.region}/")


def evolve(state: State, fact: Fact) -> State:
    """What a fact changes."""
    match fact:
        case HolidayDeclared(holiday=holiday):
            others = (h for h in state.holidays if h.date != holiday.date)
            state = replace(state, holidays=(*others, holiday))
        case InstrumentDeclined(recommendation=declined):
            state = replace(state, declined=state.declined | {declined})
        case OpdOpened():
            state = replace(state, opd=fact)
        case OpdMerged() | OpdSplit():
            state = replace(state, end=fact)
        case PolicyChanged():
            state = replace(state, policy=fact)
        case ArrangementChanged():
            state = replace(state, arranged=(*state.arranged, fact))
        case _:
            state = replace(state, courses=recorded(state.courses, fact))
    return state


def decide(command: PolicyCommand, states: States, context: Context) -> Facts:
    """The facts that a command makes, by stream; an empty answer means that nothing changes. Raises `Invalid`."""
    check(command)
    today = local_date(context.now, command.region)
    match command:
        case DeclareHolidays():
            return _declare(command, states, today)
        case OpenOpd():
            return _open(command, states, today)
        case ArrangeUnit():
            return _arrange(command, states)
        case MergeOpd() | SplitOpd():
            end = ended(command, registered(states))
            return {stream(command): [end]} if end else {}
    return _instrument(command, states, today)


def _instrument(command: InstrumentCommand, states: States, today: date) -> Facts:
    own = stream(command)
    register = frozenset(names(registered(states), today))
    desk = Desk(states[own].courses, register, today, states[own].declined)
    told = decided(command, desk)
    if isinstance(command, EnactInstrument | AmendInstrument | ScheduleInstrument | ResumeInstrument):
        raised(shortage_faults(desk.courses, reduce(recorded, (each.fact for each in told), desk.courses)))
    return _tell(command, states, told, today)


def _declare(command: DeclareHolidays, states: States, today: date) -> Facts:
    asked = [Holiday(**vars(day)) for day in command.holidays]
    known = states[stream(command)].holidays
    days = [day for day in asked if day not in known]
    raised(past_faults(days, known, today))
    facts = [HolidayDeclared(region=command.region, holiday=day) for day in days]
    change = declared(days, today) if days else None
    return _tell(command, states, [Told(fact, change if fact is facts[-1] else None) for fact in facts], today)


def registered(states: States) -> Register:
    """The OPD among these streams."""
    return {entry.opened.opd: entry for state in states.values() if (entry := state.entry)}


def _tell(command: InstrumentCommand | DeclareHolidays, states: States, told: Sequence[Told], today: date) -> Facts:
    """Facts of a whole region, and what they make of the policy of every open OPD that they concern."""
    if not told:
        return {}
    own = stream(command)
    after = {**states, own: reduce(evolve, (each.fact for each in told), states[own])}
    effective = Effective(after[f"instruments/{command.region}"].courses, after[f"calendar/{command.region}"].holidays)
    facts: dict[str, Sequence[Fact]] = {own: [each.fact for each in told]}
    for name, state in states.items():
        changes = [each.change for each in told if each.change and _hears(state.entry, each.opds, today)]
        if state.opd and changes:
            facts[name] = effective.told(state.opd, changes, state.policy)
    return facts


def _hears(entry: Entry | None, named: Sequence[str], today: date) -> bool:
    return entry is not None and entry.stands(today) and (not named or entry.opened.opd in named)


def _open(command: OpenOpd, states: States, today: date) -> Facts:
    if entry := states[stream(command)].entry:
        raised(opening_faults(command, entry, today))
        return {}
    opened = OpdOpened(
        **command.model_dump(exclude={"kinds"}), kinds=command.kinds or kinds_of(command.opd, command.name)
    )
    courses = states[f"instruments/{command.region}"].courses
    holidays = states[f"calendar/{command.region}"].holidays
    calendar = [declared(holidays, today)] if holidays else []
    changes = [*calendar, *binding(courses, command.opd, today)]
    return {stream(command): [opened, *Effective(courses, holidays).told(opened, changes[-1:])]}


def _arrange(command: ArrangeUnit, states: States) -> Facts:
    entry = states[f"policy/{command.region}/{command.opd}"].entry
    raised(arranging_faults(command, entry))
    own = command.kinds or kinds_of(command.unit, command.name)
    kinds = tuple(dict.fromkeys([*own, *(entry.opened.kinds if entry else ())]))
    fact = ArrangementChanged.model_validate({**command.model_dump(by_alias=True), "kinds": kinds})
    return {} if states[stream(command)].arrangement == fact else {stream(command): [fact]}
