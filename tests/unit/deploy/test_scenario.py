"""What a morning is made to hold: every situation finds its place, and the people who are there show its signs."""

from collections.abc import Iterator, Sequence
from datetime import date

import pytest

from deploy.reference_world.seeding import Absence
from deploy.reference_world.world import Office, Unit, world
from deploy.simulation.ground_truth import heads, lived
from deploy.simulation.scenario import ABSENT, plotted, unplanned, work_dates
from deploy.simulation.scenario_builder import Plot, Sign
from deploy.simulation.shifts import Counter, Shift, posts
from tests.support.example_facts import THURSDAY

FULL, SHORT = (390, 540), (420, 465)


def duties(offices: Sequence[Office]) -> Iterator[Shift]:
    """Two more than the minimum at every post, the rest in the office; and the nights of the day before."""
    for office in offices:
        for unit in office.units:
            yield from _unit(office, unit)


def _unit(office: Office, unit: Unit) -> Iterator[Shift]:
    people = iter(unit.people)
    for post in unit.posts:
        for person in (next(people, None) for _ in range(post.minimum + 1)):
            if person:
                own = Shift(office.region, office.opd, unit.unit, unit.site, person.nip, "WFO", post.post,
                            post.opens, post.closes, ())  # fmt: skip
                yield own
                if post.closes > 1440:
                    yield own._replace(start=post.opens - 1440, end=post.closes - 1440)
    for person in people:
        yield Shift(office.region, office.opd, unit.unit, unit.site, person.nip, "WFO", "", 450, 960, ())


@pytest.fixture(scope="module")
def offices() -> tuple[Office, ...]:
    return world(("32", "3277"), 3_000, 3)


def plot(offices: Sequence[Office], play: tuple[int, int], seed: int = 3) -> Plot:
    absences = [Absence("32", "BKD", f"away-{kind}", kind) for kind in ABSENT]
    without = unplanned(offices, *play, seed)
    away = [Shift("32", "BKD", "SEKRETARIAT", "KANTOR", f"away-{kind}", mode, "", 450, 960, ())
            for kind, mode in ABSENT.items()]  # fmt: skip
    due = [*(duty for duty in duties(offices) if duty.counter[:3] != without[:3]), *away]
    return plotted(offices, due, absences, without, THURSDAY, play, seed)


@pytest.mark.parametrize("play", [FULL, SHORT])
@pytest.mark.parametrize("seed", range(5))
def test_every_situation_finds_its_place_in_a_long_and_in_a_short_morning(
    offices: tuple[Office, ...], play: tuple[int, int], seed: int
) -> None:
    signs = plot(offices, play, seed).signs
    assert {name for name, told in signs.items() if not told} == set()
    assert {s for told in signs.values() for s in told if isinstance(s, Sign) and s.minute >= play[1]} == set()


def test_the_people_who_are_there_show_what_was_planted(offices: tuple[Office, ...]) -> None:
    drawn = plot(offices, FULL)
    stands, minimum = list(lived(drawn.lives.values())), {Counter(o.region, o.opd, u.unit, p.post): p.minimum
                                                          for o, u, p in posts(offices)}  # fmt: skip

    def there(name: str) -> list[bool]:
        signs = [sign for sign in drawn.signs[name] if isinstance(sign, Sign)]
        return [heads(stands, sign.minute)[sign.counter] >= minimum[sign.counter] for sign in signs]

    assert there("late_clerk") == [False, True]
    assert there("no_show") == [False, False]
    assert there("lost_clerk") == [True, False]
    assert there("offline_then_synced") == [True, True], "they were there; it was their phones that were not heard"
    assert there("take_over") == [False, True]
    assert there("held_by_the_night") == [True, False]


def test_on_a_day_without_duty_nothing_is_planted_and_nothing_found(offices: tuple[Office, ...]) -> None:
    signs = plotted(offices, [], [], unplanned(offices, *FULL, 3), date(2025, 11, 9), FULL, 3).signs
    assert [name for name, told in signs.items() if told and name not in {"outage", "unrostered_unit"}] == []


def test_nobody_who_reads_is_expected_twice(offices: tuple[Office, ...]) -> None:
    drawn = plot(offices, FULL)
    assert drawn.reader is not None
    assert drawn.lives[drawn.reader].presses == ()


def test_the_outage_silences_only_its_own_city(offices: tuple[Office, ...]) -> None:
    drawn = plot(offices, FULL)
    assert drawn.outage is not None
    begin, end = drawn.outage.start * 60, drawn.outage.end * 60
    silent = [p for life in drawn.lives.values() for p in life.presses if begin <= p.made < end and p.sent >= end]
    cut = [p for p in silent if p.shift.region == "3277"]
    heard = [p for life in drawn.lives.values() for p in life.presses
             if life.shift.region == "3277" and begin <= p.made < end and p.sent < end]  # fmt: skip
    assert len(cut) > 50
    assert len(heard) < 5


@pytest.mark.parametrize(
    ("grouped", "dates"),
    [(False, [date(2025, 12, 3), date(2025, 12, 4), date(2025, 12, 5)]),
     (True, [date(2025, 12, n) for n in range(1, 6)])],
)  # fmt: skip
def test_a_whole_week_is_rostered_where_groups_take_turns(grouped: bool, dates: list[date]) -> None:  # noqa: FBT001
    assert work_dates(date(2025, 12, 4), grouped=grouped) == dates
