"""What holds of the lives of three circulars of Depok, whatever is decided on them day by day, in whatever order."""

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
from services.policy.domain.instruments.lifecycle import NEVER, Courses, bindings, state_on, superseded
from shared.domain.facts.base import Fact, Invalid
from shared.domain.facts.policy import Instrument, InstrumentReached, OpdOpened
from tests.support.example_facts import at
from tests.support.given_when_then import folded, outcome

REGION, OWN = "3276", "instruments/3276"
DAY = timedelta(days=1)
BEGINNING = date(2026, 1, 23)
SPAN = [BEGINNING + number * DAY for number in range(-5, 75)]
BEFORE: Mapping[str, Sequence[str]] = {"se-42": [], "se-80": ["se-42"], "se-99": ["se-42", "se-80"]}
"""Which of the others each may supersede."""
TOWN: Mapping[str, Sequence[Fact]] = {
    "policy/3276/BKPSDM": [OpdOpened(region=REGION, opd="BKPSDM", name="Badan Kepegawaian", on=date(2020, 1, 1))]
}
CONTENTS = (EnactInstrument, AmendInstrument, DraftInstrument)
TURNS = (SuspendInstrument, ResumeInstrument, RevokeInstrument, ScheduleInstrument)


class Step(NamedTuple):
    """A command, its day, and what was on record before it and after it."""

    day: date
    command: PolicyCommand
    before: Mapping[str, Sequence[Fact]]
    after: Mapping[str, Sequence[Fact]]


def decided(streams: Mapping[str, Sequence[Fact]], day: date, command: PolicyCommand) -> Mapping[str, Sequence[Fact]]:
    try:
        return outcome(decider, streams, command, at("09:00", day, REGION))
    except Invalid:
        return {}


@st.composite
def commands(draw: st.DrawFn, day: date, name: str, kinds: Sequence[Any]) -> PolicyCommand:
    kind = draw(st.sampled_from(kinds))
    if kind is RecordDue:
        return RecordDue(region=REGION)
    said = day - draw(st.integers(0, 2)) * DAY
    fields: dict[str, Any] = {"decided_on": said, "published_on": said}
    first = day + draw(st.integers(-3, 20)) * DAY
    if kind in TURNS:
        found: PolicyCommand = kind(region=REGION, instrument=name, effective_from=first, **fields)
        return found
    dated = draw(st.sampled_from([True, True, True, False]))
    last = draw(st.none() | st.integers(0, 15).map(lambda days: first + days * DAY)) if dated else None
    instrument = Instrument(
        instrument=name, title=name, layer="REGION", effective_from=first if dated else None, effective_to=last,
        supersedes=draw(st.sampled_from([(), *((other,) for other in BEFORE[name])])),
        rules={"pattern": {"weekdays": [draw(st.sampled_from(["MON", "THU"]))]}}, **fields,
    )  # fmt: skip
    more = {"stage": "DRAFT"} if kind is DraftInstrument else {}
    content: PolicyCommand = kind(region=REGION, instrument=instrument, **more)
    return content


@st.composite
def lives(draw: st.DrawFn) -> list[Step]:
    streams, day, enacted, found = dict(TOWN), BEGINNING, dict[str, EnactInstrument](), list[Step]()
    for name in [*BEFORE, *draw(st.lists(st.sampled_from(list(BEFORE)), min_size=1, max_size=7))]:
        begun = len(found) >= len(BEFORE)
        day += draw(st.integers(0, 6 if begun else 1)) * DAY
        command = draw(commands(day, name, [*CONTENTS, *TURNS, *TURNS, RecordDue] if begun else [EnactInstrument]))
        if isinstance(command, EnactInstrument) and draw(st.booleans()):
            command = enacted.get(command.instrument.instrument, command)
        facts = decided(streams, day, command)
        if isinstance(command, EnactInstrument) and facts:
            enacted[command.instrument.instrument] = command
        after = streams | {name: [*streams.get(name, ()), *made] for name, made in facts.items()}
        found.append(Step(day, command, streams, after))
        streams = after
    return found


def courses(streams: Mapping[str, Sequence[Fact]]) -> Courses:
    state: decider.State = folded(decider, streams.get(OWN, ()))
    return state.courses


def bound(streams: Mapping[str, Sequence[Fact]]) -> set[tuple[str, date, str]]:
    """Every day of every instrument on which it binds, and what it says then."""
    return {
        (b.instrument.instrument, day, b.rules.model_dump_json())
        for b in bindings(courses(streams)) for day in SPAN if b.first <= day < b.until
    }  # fmt: skip


@given(lives())
def test_an_instrument_is_in_force_on_the_very_days_on_which_it_binds(life: list[Step]) -> None:
    found = courses(life[-1].after)
    ends = superseded(found)
    in_force = {
        (name, day)
        for name, course in found.items() for day in SPAN
        if state_on(course, day, ends.get(name, NEVER)) == "IN_FORCE"
    }  # fmt: skip
    assert in_force == {(name, day) for name, day, _ in bound(life[-1].after)}


@given(lives())
def test_nothing_that_is_decided_changes_a_day_that_is_over(life: list[Step]) -> None:
    assert [s.command for s in life if any(day < s.day for _, day, _ in bound(s.before) ^ bound(s.after))] == []


@given(lives())
def test_whatever_is_decided_twice_on_one_day_is_decided_once(life: list[Step]) -> None:
    assert [s.command for s in life if decided(s.after, s.day, s.command)] == []


@given(lives())
def test_the_opd_hears_of_every_change_of_what_binds_it(life: list[Step]) -> None:
    changed = [s for s in life if bound(s.before) != bound(s.after)]
    assert [s.command for s in changed if s.before["policy/3276/BKPSDM"] == s.after["policy/3276/BKPSDM"]] == []


@given(lives(), st.lists(st.integers(0, 60), max_size=5).map(sorted))
def test_every_change_of_state_is_recorded_once(life: list[Step], days: list[int]) -> None:
    streams = dict(life[-1].after)
    for number in days:
        for name, facts in decided(streams, life[-1].day + number * DAY, RecordDue(region=REGION)).items():
            streams[name] = [*streams.get(name, ()), *facts]
    reached = [(f.instrument, f.state, f.on) for f in streams.get(OWN, ()) if isinstance(f, InstrumentReached)]
    assert len(reached) == len(set(reached))
