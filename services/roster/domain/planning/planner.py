"""The days of an OPD: who fills which post, who works at home, and why. Pure, and proved where it says so.

Posts first (service beats the WFH day, the share and seniority), each unit's day by its own flow; then home, for all
units and days in one flow; then a referee that shares no code with either judges the plan.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from services.roster.domain.planning import verifier, wfh_allocation
from services.roster.domain.planning.post_assignment import Known, fill
from services.roster.domain.planning.published_rosters import Standing, standing
from services.roster.domain.planning.shift_builder import Decided, missing, shifts, tired
from services.roster.domain.planning.unit_day import Turn, UnitDay
from services.roster.domain.planning.wfh_allocation import Homes
from shared.domain.facts.roster import Assignment, Required, RosterAssigned

DAY = timedelta(days=1)

Key = tuple[str, date]
"""A unit and a work date."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A planned day: the posts it saw, everybody's place, and the heads that are short by post.

    `unfilled` is how many heads of the minima nobody could be given: proved, no plan has fewer short.
    """

    required: tuple[Required, ...]
    assignments: tuple[Assignment, ...]
    shortage: Mapping[str, int]
    unfilled: int


@dataclass(frozen=True, slots=True)
class Posted:
    """One unit's day with its posts filled."""

    day: UnitDay
    known: Known
    at_post: Mapping[str, Sequence[UUID]]


def plan(
    days: Sequence[UnitDay], published: Sequence[RosterAssigned] = (), staff: Mapping[date, int] | None = None
) -> dict[Key, Drawn]:
    """Plan unit-days of one OPD together. A shortage is named, never refused: the people there are still assigned.

    `published` are the rosters known of these ISO weeks and the days around: those of other units and dates stay and
    count. `staff` is how many people of the whole OPD are present by date; without it, those of `days`.
    Raises `referee.Unsound` if the plan breaks a rule, which would be our fault.
    """
    ordered = sorted(days, key=lambda d: (d.work_date, d.unit))
    stands = standing(ordered, published)
    present = staff if staff is not None else _present(ordered)
    posted = _post(ordered, stands)
    homes = wfh_allocation.choose(ordered, _busy(posted), stands, present)
    heads = Counter(date_ for _, date_ in homes)
    drawn = {
        (p.day.unit, p.day.work_date): _draw(
            p, _decided(p, homes, heads, wfh_allocation.limit(p.day, stands, present)), stands
        )
        for p in posted
    }
    verifier.judge(ordered, {key: d.assignments for key, d in drawn.items()}, published, present)
    return drawn


def _present(days: Iterable[UnitDay]) -> dict[date, int]:
    counts: dict[date, int] = {}
    for day in days:
        counts[day.work_date] = counts.get(day.work_date, 0) + len(day.present)
    return counts


def _post(days: Sequence[UnitDay], stands: Standing) -> list[Posted]:
    """Fill the posts, day after day: who worked a night is known the day after."""
    turns: dict[date, dict[UUID, Turn]] = {date_: dict(there) for date_, there in stands.turns.items()}
    posted = []
    for day in days:
        known = _known(day, stands, turns)
        at_post = fill(day, known)
        given = {e: day.turn(post) for post in day.posts for e in at_post[post.post]}
        turns[day.work_date] = turns.get(day.work_date, {}) | given
        posted.append(Posted(day, known, at_post))
    return posted


def _known(day: UnitDay, stands: Standing, turns: Mapping[date, Mapping[UUID, Turn]]) -> Known:
    before = stands.before.get(day.work_date, {})
    return Known(
        before={e: a.post for e, a in before.items() if a.post},
        yesterday=turns.get(day.work_date - DAY, {}),
        tomorrow=stands.turns.get(day.work_date + DAY, {}),
        home={p.employee: stands.days_at_home(p.employee, day.week) for p in day.present},
    )


def _busy(posted: Iterable[Posted]) -> Homes:
    """Who has a post or rests after a night, and so cannot be at home."""
    at_post = {(e, p.day.work_date) for p in posted for there in p.at_post.values() for e in there}
    resting = {
        (e.employee, p.day.work_date) for p in posted for e in p.day.present if tired(p.day, e.employee, p.known)
    }
    return at_post | resting


def _decided(posted: Posted, homes: Homes, heads: Counter[date], limit: int) -> Decided:
    day = posted.day
    of_unit = frozenset(p.employee for p in day.present if (p.employee, day.work_date) in homes)
    planned = len(of_unit) if day.rules.share_of == "UNIT" else heads[day.work_date]
    return Decided(posted.at_post, of_unit, full=planned >= limit)


def _draw(posted: Posted, decided: Decided, stands: Standing) -> Drawn:
    day = posted.day
    assignments = shifts(day, decided, posted.known, stands.before.get(day.work_date, {}))
    required = tuple(
        Required(post=p.post, from_minute=p.opens_minute, to_minute=p.closes_minute, minimum=p.minimum)
        for p in day.posts
    )
    short = {p.post: missing(p, [a for a in assignments if a.post == p.post]) for p in day.posts}
    unfilled = sum(max(p.minimum - len(posted.at_post[p.post]), 0) for p in day.posts)
    return Drawn(required, assignments, {post: heads for post, heads in short.items() if heads}, unfilled)
