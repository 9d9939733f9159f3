"""Laws of policy that hold for any enactment, suspension, resumption or revocation, in any order."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import reduce
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.policy.domain import decider
from services.policy.domain.commands import (
    EnactInstrument,
    InstrumentCommand,
    ResumeInstrument,
    RevokeInstrument,
    SuspendInstrument,
)
from services.policy.domain.instruments.in_force import supersession_dates
from services.policy.domain.instruments.lifecycle import OPEN_END, Instruments, InstrumentsState, state_on
from services.policy.domain.snapshot import PolicySnapshot
from shared.domain.decider import Context
from shared.domain.errors import Invalid
from shared.domain.facts.instruments import Instrument
from shared.domain.facts.policy import Period
from shared.domain.facts.rules import Rules
from shared.domain.work_location import StaffProfile, work_location
from tests.support.example_facts import at

TransitionCommand = SuspendInstrument | ResumeInstrument | RevokeInstrument
REGION = "3276"
TODAY = date(2026, 1, 5)
DAY = timedelta(days=1)
SPAN = [TODAY + number * DAY for number in range(-20, 120)]
RULES: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {},
    optional={
        "pattern": st.sampled_from([
            {"weekdays": ["THU"]}, {"weekdays": ["MON", "FRI"]}, {"groups": 2}, {"any_day": True},
            {"dates": []},
        ]),
        "max_share": st.sampled_from([0.25, 0.5, 1.0]),
        "min_on_site_share": st.just(0.0),
        "weekly_cap_days": st.integers(0, 5),
        "excluded_classes": st.sampled_from([["MIXED"], ["DIRECT"]]),
        "forced_on_site_positions": st.sampled_from([["CAMAT"], ["ADMINISTRATOR"]]),
        "approvals": st.just([{"kind": "APPLICATION", "approver": "SUPERIOR"}]),
        "unit_head_decides": st.just([{"units": ["*"], "may_decide": ["WHO"]}]),
    },
)  # fmt: skip
DATES = st.dates(TODAY - 10 * DAY, TODAY + 60 * DAY)


@st.composite
def instruments(draw: st.DrawFn) -> list[Instrument]:
    contents = []
    for number in range(draw(st.integers(0, 5))):
        first, rules = draw(DATES), draw(RULES)
        rules["max_share"] = rules.get("max_share", 1.0)
        if "pattern" not in rules:
            rules.pop("unit_head_decides", None)
        if rules.get("pattern") == {"dates": []}:
            rules["pattern"] = {"dates": [first + 3 * DAY, first + 17 * DAY]}
        fields = {
            "instrument": f"edaran-{number}", "title": f"Edaran {number}", "rules": rules,
            "layer": draw(st.sampled_from(["NATIONAL", "REGION"])),
            "overlay": "pattern" not in rules and draw(st.booleans()),
            "decided_on": first - 30 * DAY, "published_on": first - draw(st.integers(0, 30)) * DAY,
            "effective_from": first, "effective_to": draw(st.none() | st.just(first + 40 * DAY)),
        }  # fmt: skip
        contents.append(Instrument.model_validate(fields))
    return contents


def transitions(names: Sequence[str]) -> st.SearchStrategy[list[TransitionCommand]]:
    """At most one transition for each instrument: the order of several on one instrument matters, by design."""
    kinds = st.sampled_from([SuspendInstrument, RevokeInstrument])
    commands = st.builds(transition, kinds, st.sampled_from(names), DATES)
    return st.lists(commands, max_size=3, unique_by=lambda command: command.instrument) if names else st.just([])


def transition(kind: type[TransitionCommand], name: str, day: date) -> TransitionCommand:
    return kind(region=REGION, instrument=name, decided_on=day, published_on=day, effective_from=day)


def enact(instrument: Instrument) -> EnactInstrument:
    return EnactInstrument(region=REGION, instrument=instrument)


def no_id() -> UUID:
    raise AssertionError


def instruments_after(
    commands: Sequence[InstrumentCommand], before: Instruments | None = None, day: date = TODAY
) -> Instruments:
    state: decider.State = InstrumentsState(before or {})
    for command in commands:
        states: decider.States = {f"instruments/{REGION}": state, f"calendar/{REGION}": decider.initial}
        facts = decider.decide(command, states, Context(at("08:00", day), no_id)).get(f"instruments/{REGION}", ())
        state = reduce(decider.evolve, facts, state)
    return decider.instruments_state(state).instruments


def periods(recorded: Instruments) -> tuple[Period, ...]:
    return tuple(PolicySnapshot(REGION, recorded, ()).timeline_of("BKPSDM").periods)


def rules_on(recorded: Instruments, day: date) -> Rules:
    return next((p.rules for p in periods(recorded) if p.from_ <= day <= (p.to or day)), Rules())


def rules_by_day(recorded: Instruments) -> Mapping[date, Rules]:
    resolved = periods(recorded)
    return {day: next((p.rules for p in resolved if p.from_ <= day <= (p.to or day)), Rules()) for day in SPAN}


@given(instruments(), st.data())
def test_the_order_of_what_is_recorded_on_one_day_does_not_matter(
    contents: list[Instrument], data: st.DataObject
) -> None:
    changed = data.draw(transitions([i.instrument for i in contents]))
    enacted = [enact(i) for i in contents]
    first_order = instruments_after([*enacted, *changed])
    second_order = instruments_after([*data.draw(st.permutations(enacted)), *data.draw(st.permutations(changed))])
    assert periods(first_order) == periods(second_order)


@given(instruments(), st.sampled_from(["DIRECT", "EMERGENCY_24X7"]), st.data(), st.sampled_from(SPAN))
def test_direct_and_24_hour_posts_are_never_at_home(
    contents: list[Instrument], class_: str, data: st.DataObject, day: date
) -> None:
    rules = rules_on(instruments_after([enact(i) for i in contents]), day)
    assert work_location(rules, day, StaffProfile(class_), approved=data.draw(st.booleans())).location in {
        "WFO",
        "HOLIDAY",
    }


@given(instruments().filter(bool), st.data())
def test_suspended_and_resumed_it_is_again_as_it_was(contents: list[Instrument], data: st.DataObject) -> None:
    recorded = instruments_after([enact(i) for i in contents])
    name, day, days = data.draw(st.sampled_from(list(recorded))), data.draw(DATES), data.draw(st.integers(0, 30))
    first, last = max(day, TODAY), max(day, TODAY) + days * DAY
    suspended = instruments_after([transition(SuspendInstrument, name, first)], recorded)
    if suspended == recorded:  # it had ended before the suspension
        return
    resumed = instruments_after([transition(ResumeInstrument, name, last)], suspended)
    was, now = rules_by_day(recorded), rules_by_day(resumed)
    assert [d for d in SPAN if was[d] != now[d] and not first <= d < last] == []
    if not days:
        assert periods(resumed) == periods(recorded)


@given(instruments(), st.data())
def test_every_winner_is_in_force_on_every_day_that_it_wins(contents: list[Instrument], data: st.DataObject) -> None:
    recorded = instruments_after(
        [*(enact(i) for i in contents), *data.draw(transitions([i.instrument for i in contents]))]
    )
    ends = supersession_dates(recorded)
    for period in periods(recorded):
        for day in {period.from_, min(period.to or SPAN[-1], SPAN[-1])}:
            winners = {won.instrument for won in period.won_by.values()} if day >= period.from_ else set()
            states = {state_on(recorded[name], day, ends.get(name, OPEN_END)) for name in winners}
            assert states <= {"IN_FORCE"}


@given(instruments(), instruments().filter(bool), st.integers(0, 40))
def test_no_date_changes_before_an_instrument_was_published_and_on_record(
    contents: list[Instrument], more: list[Instrument], days: int
) -> None:
    before, today = instruments_after([enact(i) for i in contents]), TODAY + days * DAY
    new = more[0].model_copy(update={"instrument": "edaran-baru"})
    try:
        was, now = rules_by_day(before), rules_by_day(instruments_after([enact(new)], before, today))
    except Invalid:
        return
    assert [day for day in SPAN if was[day] != now[day] and day < max(new.published_on, today)] == []
