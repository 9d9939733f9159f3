"""Builds the scenario of a morning from the published rosters: behaviour of all people, and situations. Pure."""

import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from deploy.reference_world.seeding import SeededAbsence
from deploy.reference_world.world import Office
from deploy.simulation.behaviour import draw_days
from deploy.simulation.scenario_builder import ExpectedEvent, ExpectedStatus, Scenario, ScenarioBuilder
from deploy.simulation.shifts import PostId, SimulatedShift, all_posts, open_posts
from deploy.simulation.situations import add_situations

DAY = timedelta(days=1)
WORKDAYS = 5
ABSENT_MODES = {"LEAVE": "OFF", "TRAVEL": "AWAY"}
"""Roster mode by type of absence."""
VISIBLE_MINUTES = 30
"""A post without a roster must open at least so many minutes before the end of the play."""


def work_dates(day: date, *, grouped: bool) -> list[date]:
    """Return the dates to roster: the day, its neighbours, and the whole week if groups work in rotation."""
    monday = day - day.weekday() * DAY
    week = [monday + n * DAY for n in range(WORKDAYS)] if grouped else []
    return sorted({day - DAY, day, day + DAY, *week})


def unrostered_post(offices: Iterable[Office], start: int, end: int, seed: int) -> PostId:
    """Choose a post whose unit gets no roster: the board must show its state as unknown."""
    candidates = list(all_posts(offices))
    visible = [
        (office, unit, post)
        for office, unit, post in candidates
        if start <= post.opens <= end - VISIBLE_MINUTES and unit.class_ == "DIRECT"
    ]
    office, unit, post = random.Random(seed).choice(visible or candidates)  # noqa: S311 - a choice, not a secret
    return PostId(office.region, office.opd, unit.unit, post.post)


def build_scenario(
    offices: Sequence[Office],
    duties: Iterable[SimulatedShift],
    absences: Sequence[SeededAbsence],
    unrostered: PostId,
    day: date,
    play: tuple[int, int],
    seed: int,
) -> Scenario:
    """Return the behaviour of all people, and the situations with their expectations. `play`: first and last minute."""
    due = [duty for duty in duties if duty.end > 0 and duty.start < DAY.total_seconds() / 60]
    posts = open_posts(offices, due, day)
    scenario = Scenario({person_day.shift: person_day for person_day in draw_days(due, seed)})
    generator = random.Random(seed)  # noqa: S311 - a choice, not a secret
    scenario = add_situations(ScenarioBuilder(*play, due, posts, scenario, generator))
    opens = [open_post.post.opens for open_post in posts if open_post.post_id == unrostered]
    scenario.expectations["unrostered_unit"] = [
        ExpectedStatus(unrostered, max(minute, play[0]) + 5, "TIDAK_DIKETAHUI") for minute in opens
    ]
    for kind in ABSENT_MODES:
        scenario.expectations[kind.lower()] = list(_absence_expectations(kind, absences, due))
    return scenario


def _absence_expectations(
    kind: str, absences: Iterable[SeededAbsence], due: Iterable[SimulatedShift]
) -> Iterator[ExpectedEvent]:
    """Yield the event of one declared absence that is also in the roster, if there is one."""
    mode_by_employee = {duty.employee: duty.mode for duty in due if duty.start >= 0}
    for absence in absences:
        if absence.kind == kind and mode_by_employee.get(absence.employee) == ABSENT_MODES[kind]:
            yield ExpectedEvent(
                absence.region, "roster", "absence-declared", {"employee": absence.employee, "kind": kind}
            )
            return
