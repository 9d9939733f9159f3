"""Laws of the life cycle of three circulars of Depok, for any decisions on them on any days."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from services.policy.domain import decider
from services.policy.domain.commands import (
    AmendInstrument,
    DraftInstrument,
    EnactInstrument,
    PolicyCommand,
    RecordDue,
    ResumeInstrument,
    RevokeInstrument,
    ScheduleInstrument,
    SuspendInstrument,
)
from services.policy.domain.instruments.in_force import bindings, supersession_dates
from services.policy.domain.instruments.lifecycle import OPEN_END, Instruments, state_on
from shared.domain.errors import Invalid
from shared.domain.facts.base import Fact
from shared.domain.facts.instruments import Instrument, InstrumentReached
from shared.domain.facts.policy import OpdOpened
from tests.support.example_facts import at
from tests.support.given_when_then import decide, fold

REGION, INSTRUMENTS_STREAM = "3276", "instruments/3276"
DAY = timedelta(days=1)
BEGINNING = date(2026, 1, 23)
SPAN = [BEGINNING + number * DAY for number in range(-5, 75)]
MAY_SUPERSEDE: Mapping[str, Sequence[str]] = {"se-42": [], "se-80": ["se-42"], "se-99": ["se-42", "se-80"]}
"""Instrument → the instruments that it may supersede."""
REGISTER: Mapping[str, Sequence[Fact]] = {
    "policy/3276/BKPSDM": [OpdOpened(region=REGION, opd="BKPSDM", name="Badan Kepegawaian", on=date(2020, 1, 1))]
}
CONTENT_COMMANDS = (EnactInstrument, AmendInstrument, DraftInstrument)
TRANSITION_COMMANDS = (SuspendInstrument, ResumeInstrument, RevokeInstrument, ScheduleInstrument)


class Step(NamedTuple):
    """A command, its day, and the recorded streams before and after it."""

    day: date
    command: PolicyCommand
    before: Mapping[str, Sequence[Fact]]
    after: Mapping[str, Sequence[Fact]]


def decide_or_nothing(
    streams: Mapping[str, Sequence[Fact]], day: date, command: PolicyCommand
) -> Mapping[str, Sequence[Fact]]:
    try:
        return decide(decider, streams, command, at("09:00", day, REGION))
    except Invalid:
        return {}


@st.composite
def commands(draw: st.DrawFn, day: date, name: str, kinds: Sequence[Any]) -> PolicyCommand:
    kind = draw(st.sampled_from(kinds))
    if kind is RecordDue:
        return RecordDue(region=REGION)
    decided = day - draw(st.integers(0, 2)) * DAY
    fields: dict[str, Any] = {"decided_on": decided, "published_on": decided}
    first = day + draw(st.integers(-3, 20)) * DAY
    if kind in TRANSITION_COMMANDS:
        command: PolicyCommand = kind(region=REGION, instrument=name, effective_from=first, **fields)
        return command
    dated = draw(st.sampled_from([True, True, True, False]))
    last = draw(st.none() | st.integers(0, 15).map(lambda days: first + days * DAY)) if dated else None
    instrument = Instrument(
        instrument=name, title=name, layer="REGION", effective_from=first if dated else None, effective_to=last,
        supersedes=draw(st.sampled_from([(), *((superseded,) for superseded in MAY_SUPERSEDE[name])])),
        rules={"pattern": {"weekdays": [draw(st.sampled_from(["MON", "THU"]))]}}, **fields,
    )  # fmt: skip
    more = {"stage": "DRAFT"} if kind is DraftInstrument else {}
    content: PolicyCommand = kind(region=REGION, instrument=instrument, **more)
    return content


@st.composite
def life_cycles(draw: st.DrawFn) -> list[Step]:
    streams, day, enacted, steps = dict(REGISTER), BEGINNING, dict[str, EnactInstrument](), list[Step]()
    for name in [*MAY_SUPERSEDE, *draw(st.lists(st.sampled_from(list(MAY_SUPERSEDE)), min_size=1, max_size=7))]:
        all_enacted = len(steps) >= len(MAY_SUPERSEDE)
        day += draw(st.integers(0, 6 if all_enacted else 1)) * DAY
        # transitions twice: they are drawn twice as often
        kinds = [*CONTENT_COMMANDS, *TRANSITION_COMMANDS, *TRANSITION_COMMANDS, RecordDue]
        command = draw(commands(day, name, kinds if all_enacted else [EnactInstrument]))
        if isinstance(command, EnactInstrument) and draw(st.booleans()):
            command = enacted.get(command.instrument.instrument, command)
        facts = decide_or_nothing(streams, day, command)
        if isinstance(command, EnactInstrument) and facts:
            enacted[command.instrument.instrument] = command
        after = streams | {name: [*streams.get(name, ()), *new] for name, new in facts.items()}
        steps.append(Step(day, command, streams, after))
        streams = after
    return steps


def instruments_in(streams: Mapping[str, Sequence[Fact]]) -> Instruments:
    state: decider.State = fold(decider, streams.get(INSTRUMENTS_STREAM, ()))
    return decider.instruments_state(state).instruments


def binding_days(streams: Mapping[str, Sequence[Fact]]) -> set[tuple[str, date, str]]:
    """Every day on which an instrument binds: (instrument, day, its rules as JSON)."""
    return {
        (b.instrument.instrument, day, b.rules.model_dump_json())
        for b in bindings(instruments_in(streams)) for day in SPAN if b.first <= day < b.until
    }  # fmt: skip


@given(life_cycles())
def test_an_instrument_is_in_force_on_the_very_days_on_which_it_binds(steps: list[Step]) -> None:
    instruments = instruments_in(steps[-1].after)
    ends = supersession_dates(instruments)
    in_force = {
        (name, day)
        for name, history in instruments.items() for day in SPAN
        if state_on(history, day, ends.get(name, OPEN_END)) == "IN_FORCE"
    }  # fmt: skip
    assert in_force == {(name, day) for name, day, _ in binding_days(steps[-1].after)}


@given(life_cycles())
def test_nothing_that_is_decided_changes_a_day_that_is_over(steps: list[Step]) -> None:
    assert [
        s.command for s in steps if any(day < s.day for _, day, _ in binding_days(s.before) ^ binding_days(s.after))
    ] == []


@given(life_cycles())
def test_whatever_is_decided_twice_on_one_day_is_decided_once(steps: list[Step]) -> None:
    assert [s.command for s in steps if decide_or_nothing(s.after, s.day, s.command)] == []


@given(life_cycles())
def test_every_change_of_what_binds_an_opd_is_published_to_it(steps: list[Step]) -> None:
    changed = [s for s in steps if binding_days(s.before) != binding_days(s.after)]
    assert [s.command for s in changed if s.before["policy/3276/BKPSDM"] == s.after["policy/3276/BKPSDM"]] == []


@given(life_cycles(), st.lists(st.integers(0, 60), max_size=5).map(sorted))
def test_every_change_of_state_is_recorded_once(steps: list[Step], days: list[int]) -> None:
    streams = dict(steps[-1].after)
    for number in days:
        for name, facts in decide_or_nothing(streams, steps[-1].day + number * DAY, RecordDue(region=REGION)).items():
            streams[name] = [*streams.get(name, ()), *facts]
    reached = [
        (f.instrument, f.state, f.on) for f in streams.get(INSTRUMENTS_STREAM, ()) if isinstance(f, InstrumentReached)
    ]
    assert len(reached) == len(set(reached))
