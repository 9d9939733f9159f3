"""Tests that a scenario contains all situations, and that people behave as expected."""

from collections.abc import Iterator, Sequence
from datetime import date

import pytest

from deploy.reference_world.seeding import SeededAbsence
from deploy.reference_world.world import Office, Unit, world
from deploy.simulation.ground_truth import actual_presence, head_counts
from deploy.simulation.scenario import ABSENT_MODES, build_scenario, unrostered_post, work_dates
from deploy.simulation.scenario_builder import ExpectedStatus, Scenario
from deploy.simulation.shifts import PostId, SimulatedShift, all_posts
from tests.support.example_facts import THURSDAY

FULL, SHORT = (390, 540), (420, 465)


def duties(offices: Sequence[Office]) -> Iterator[SimulatedShift]:
    """Yield one person more than the minimum at each post, the others in the office, and the night before."""
    for office in offices:
        for unit in office.units:
            yield from _unit(office, unit)


def _unit(office: Office, unit: Unit) -> Iterator[SimulatedShift]:
    people = iter(unit.people)
    for post in unit.posts:
        for person in (next(people, None) for _ in range(post.minimum + 1)):
            if person:
                shift = SimulatedShift(office.region, office.opd, unit.unit, unit.site, person.nip, "WFO", post.post,
                            post.opens, post.closes, ())  # fmt: skip
                yield shift
                if post.closes > 1440:
                    yield shift._replace(start=post.opens - 1440, end=post.closes - 1440)
    for person in people:
        yield SimulatedShift(office.region, office.opd, unit.unit, unit.site, person.nip, "WFO", "", 450, 960, ())


@pytest.fixture(scope="module")
def offices() -> tuple[Office, ...]:
    return world(("32", "3277"), 3_000, 3)


def scenario_of(offices: Sequence[Office], play: tuple[int, int], seed: int = 3) -> Scenario:
    absences = [SeededAbsence("32", "BKD", f"away-{kind}", kind) for kind in ABSENT_MODES]
    unrostered = unrostered_post(offices, *play, seed)
    away = [SimulatedShift("32", "BKD", "SEKRETARIAT", "KANTOR", f"away-{kind}", mode, "", 450, 960, ())
            for kind, mode in ABSENT_MODES.items()]  # fmt: skip
    due = [*(duty for duty in duties(offices) if duty.post_id[:3] != unrostered[:3]), *away]
    return build_scenario(offices, due, absences, unrostered, THURSDAY, play, seed)


@pytest.mark.parametrize("play", [FULL, SHORT])
@pytest.mark.parametrize("seed", range(5))
def test_every_situation_finds_its_place_in_a_long_and_in_a_short_morning(
    offices: tuple[Office, ...], play: tuple[int, int], seed: int
) -> None:
    expectations = scenario_of(offices, play, seed).expectations
    assert {name for name, expected in expectations.items() if not expected} == set()
    assert {
        s
        for expected in expectations.values()
        for s in expected
        if isinstance(s, ExpectedStatus) and s.minute >= play[1]
    } == set()


def test_the_people_who_are_there_show_what_was_planted(offices: tuple[Office, ...]) -> None:
    scenario = scenario_of(offices, FULL)
    presences = list(actual_presence(scenario.days.values()))
    minimum = {PostId(o.region, o.opd, u.unit, p.post): p.minimum for o, u, p in all_posts(offices)}

    def are_staffed(name: str) -> list[bool]:
        expectations = [status for status in scenario.expectations[name] if isinstance(status, ExpectedStatus)]
        return [
            head_counts(presences, status.minute)[status.post_id] >= minimum[status.post_id] for status in expectations
        ]

    assert are_staffed("late_clerk") == [False, True]
    assert are_staffed("no_show") == [False, False]
    assert are_staffed("lost_clerk") == [True, False]
    assert are_staffed("offline_then_synced") == [True, True], "they were present; only their phones had no signal"
    assert are_staffed("take_over") == [False, True]
    assert are_staffed("held_by_the_night") == [True, False]


def test_on_a_day_without_duty_nothing_is_planted_and_nothing_found(offices: tuple[Office, ...]) -> None:
    expectations = build_scenario(
        offices, [], [], unrostered_post(offices, *FULL, 3), date(2025, 11, 9), FULL, 3
    ).expectations
    assert [
        name for name, expected in expectations.items() if expected and name not in {"outage", "unrostered_unit"}
    ] == []


def test_nobody_who_reads_is_expected_twice(offices: tuple[Office, ...]) -> None:
    scenario = scenario_of(offices, FULL)
    assert scenario.reader_shift is not None
    assert scenario.days[scenario.reader_shift].taps == ()


def test_the_outage_affects_only_its_own_city(offices: tuple[Office, ...]) -> None:
    scenario = scenario_of(offices, FULL)
    assert scenario.outage is not None
    begin, end = scenario.outage.start * 60, scenario.outage.end * 60
    delayed = [
        tap
        for day in scenario.days.values()
        for tap in day.taps
        if begin <= tap.pressed_at < end and tap.sent_at >= end
    ]
    outage_taps = [tap for tap in delayed if tap.shift.region == "3277"]
    on_time = [tap for day in scenario.days.values() for tap in day.taps
             if day.shift.region == "3277" and begin <= tap.pressed_at < end and tap.sent_at < end]  # fmt: skip
    assert len(outage_taps) > 50
    assert len(on_time) < 5


@pytest.mark.parametrize(
    ("grouped", "dates"),
    [(False, [date(2025, 12, 3), date(2025, 12, 4), date(2025, 12, 5)]),
     (True, [date(2025, 12, n) for n in range(1, 6)])],
)  # fmt: skip
def test_a_whole_week_is_rostered_where_groups_take_turns(grouped: bool, dates: list[date]) -> None:  # noqa: FBT001
    assert work_dates(date(2025, 12, 4), grouped=grouped) == dates
