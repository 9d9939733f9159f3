"""What holds of policy whatever is enacted, suspended, resumed or revoked, in whatever order."""

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
from services.policy.domain.instruments.lifecycle import NEVER, Courses, state_on, superseded
from services.policy.domain.snapshot import PolicySnapshot
from shared.domain.decider import Context
from shared.domain.facts.base import Invalid
from shared.domain.facts.policy import Instrument, Period
from shared.domain.facts.rules import Rules
from shared.domain.work_location import Who, verdict
from tests.support.example_facts import at

Turned = SuspendInstrument | ResumeInstrument | RevokeInstrument
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
    found = []
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
        found.append(Instrument.model_validate(fields))
    return found


def turns(names: Sequence[str]) -> st.SearchStrategy[list[Turned]]:
    """At most one turn of each instrument: those of one instrument depend on each other's order, as they must."""
    kinds = st.sampled_from([SuspendInstrument, RevokeInstrument])
    made = st.builds(turn, kinds, st.sampled_from(names), DATES)
    return st.lists(made, max_size=3, unique_by=lambda command: command.instrument) if names else st.just([])


def turn(kind: type[Turned], name: str, day: date) -> Turned:
    return kind(region=REGION, instrument=name, decided_on=day, published_on=day, effective_from=day)


def enact(instrument: Instrument) -> EnactInstrument:
    return EnactInstrument(region=REGION, instrument=instrument)


def no_id() -> UUID:
    raise AssertionError


def after(commands: Sequence[InstrumentCommand], before: Courses | None = None, day: date = TODAY) -> Courses:
    state = decider.State(courses=before or {})
    for command in commands:
        states = {f"instruments/{REGION}": state, f"calendar/{REGION}": decider.initial}
        facts = decider.decide(command, states, Context(at("08:00", day), no_id)).get(f"instruments/{REGION}", ())
        state = reduce(decider.evolve, facts, state)
    return state.courses


def periods(courses: Courses) -> tuple[Period, ...]:
    return tuple(PolicySnapshot(REGION, courses, ()).told("BKPSDM").periods)


def on(courses: Courses, day: date) -> Rules:
    return next((p.rules for p in periods(courses) if p.from_ <= day <= (p.to or day)), Rules())


def by_day(courses: Courses) -> Mapping[date, Rules]:
    found = periods(courses)
    return {day: next((p.rules for p in found if p.from_ <= day <= (p.to or day)), Rules()) for day in SPAN}


@given(instruments(), st.data())
def test_the_order_of_what_is_recorded_on_one_day_does_not_matter(found: list[Instrument], data: st.DataObject) -> None:
    changed = data.draw(turns([i.instrument for i in found]))
    enacted = [enact(i) for i in found]
    one = after([*enacted, *changed])
    other = after([*data.draw(st.permutations(enacted)), *data.draw(st.permutations(changed))])
    assert periods(one) == periods(other)


@given(instruments(), st.sampled_from(["DIRECT", "EMERGENCY_24X7"]), st.data(), st.sampled_from(SPAN))
def test_direct_and_24_hour_posts_are_never_at_home(
    found: list[Instrument], class_: str, data: st.DataObject, day: date
) -> None:
    rules = on(after([enact(i) for i in found]), day)
    assert verdict(rules, day, Who(class_), approved=data.draw(st.booleans())).where in {"WFO", "HOLIDAY"}


@given(instruments().filter(bool), st.data())
def test_suspended_and_resumed_it_is_again_as_it_was(found: list[Instrument], data: st.DataObject) -> None:
    courses = after([enact(i) for i in found])
    name, day, days = data.draw(st.sampled_from(list(courses))), data.draw(DATES), data.draw(st.integers(0, 30))
    first, last = max(day, TODAY), max(day, TODAY) + days * DAY
    suspended = after([turn(SuspendInstrument, name, first)], courses)
    if suspended == courses:  # it had ended before
        return
    resumed = after([turn(ResumeInstrument, name, last)], suspended)
    was, now = by_day(courses), by_day(resumed)
    assert [d for d in SPAN if was[d] != now[d] and not first <= d < last] == []
    if not days:
        assert periods(resumed) == periods(courses)


@given(instruments(), st.data())
def test_every_winner_is_in_force_on_every_day_that_it_wins(found: list[Instrument], data: st.DataObject) -> None:
    courses = after([*(enact(i) for i in found), *data.draw(turns([i.instrument for i in found]))])
    ends = superseded(courses)
    for period in periods(courses):
        for day in {period.from_, min(period.to or SPAN[-1], SPAN[-1])}:
            winners = {won.instrument for won in period.won_by.values()} if day >= period.from_ else set()
            states = {state_on(courses[name], day, ends.get(name, NEVER)) for name in winners}
            assert states <= {"IN_FORCE"}


@given(instruments(), instruments().filter(bool), st.integers(0, 40))
def test_no_date_changes_before_an_instrument_was_published_and_on_record(
    found: list[Instrument], more: list[Instrument], days: int
) -> None:
    before, today = after([enact(i) for i in found]), TODAY + days * DAY
    new = more[0].model_copy(update={"instrument": "edaran-baru"})
    try:
        was, now = by_day(before), by_day(after([enact(new)], before, today))
    except Invalid:
        return
    assert [day for day in SPAN if was[day] != now[day] and day < max(new.published_on, today)] == []
