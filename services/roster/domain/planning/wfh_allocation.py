"""Who is at home on which day, for a whole OPD: as many as the rules allow, as fairly as they allow. Pure.

Ranks: home days; then fairness (sum of squares over the week's home days, which here is leximax, design 11); then what
was published; then a hash.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from fractions import Fraction
from math import floor
from typing import NamedTuple
from uuid import UUID
from zlib import crc32

import numpy as np

from services.roster.domain.planning.published_rosters import HOME, Standing
from services.roster.domain.planning.unit_day import UnitDay
from services.roster.domain.solver.min_cost_flow import Ints
from services.roster.domain.solver.wfh_flow import Cells, Cover, solve

HASH = 0xFF
KEPT = HASH + 1
NO_CAP = 7


class Cell(NamedTuple):
    """A person who could be at home on a date."""

    day: UnitDay
    employee: UUID


Homes = AbstractSet[tuple[UUID, date]]
"""People and dates."""


def choose(
    days: Sequence[UnitDay], busy: Homes, stands: Standing, staff: Mapping[date, int]
) -> frozenset[tuple[UUID, date]]:
    """Who is at home when. `busy` is who must be on site or rests; `staff` is how many of the OPD are present."""
    free = (Cell(day, employee) for day in days for employee in day.may_be_home)
    cells = sorted(
        (c for c in free if (c.employee, c.day.work_date) not in busy),
        key=lambda c: (str(c.employee), c.day.work_date),
    )
    if not cells:
        return frozenset()
    chosen = solve(_question(cells, stands, staff))
    return frozenset((c.employee, c.day.work_date) for c, home in zip(cells, chosen, strict=True) if home)


def share(day: UnitDay) -> Fraction:
    """The greatest share at home: what the rules say; else one of the groups at a time; else everybody."""
    said, groups = day.rules.max_share, day.rules.pattern.groups if day.rules.pattern else None
    most = Fraction(str(said)) if said is not None else Fraction(1, groups or 1)
    return min(most, 1 - Fraction(str(day.rules.min_on_site_share or 0)))


def limit(day: UnitDay, stands: Standing, staff: Mapping[date, int]) -> int:
    """How many may be planned at home: of the unit, or of the OPD beside those who stay published at home."""
    if day.rules.share_of == "UNIT":
        return floor(share(day) * len(day.present))
    return max(floor(share(day) * staff[day.work_date]) - len(stands.home.get(day.work_date, ())), 0)


def _question(cells: Sequence[Cell], stands: Standing, staff: Mapping[date, int]) -> Cells:
    people = {employee: number for number, employee in enumerate(dict.fromkeys(c.employee for c in cells))}
    weeks = {week: number for number, week in enumerate(sorted({c.day.week for c in cells}))}
    had = np.array([[stands.days_at_home(employee, week) for week in weeks] for employee in people])
    fair = 2 * KEPT * (len(cells) + 1)
    dearest = fair * (2 * (int(had.sum(axis=1).max()) + len({c.day.work_date for c in cells})) + 1)
    return Cells(
        person=np.array([people[c.employee] for c in cells]),
        week=np.array([weeks[c.day.week] for c in cells]),
        cost=np.array([_kept(c, stands) - dearest - fair for c in cells]),
        pinned=np.zeros(len(cells), np.int64),
        least=np.zeros_like(had),
        most=np.maximum(_caps(cells, weeks) - had, 0),
        history=had.sum(axis=1),
        fairness=fair,
        covers=_shares(cells, stands, staff),
    )


def _kept(cell: Cell, stands: Standing) -> int:
    """What home costs beside fairness: less where it was published, more where the office was."""
    before = stands.before.get(cell.day.work_date, {}).get(cell.employee)
    stability = 0 if before is None else -KEPT if before.mode in HOME else KEPT
    return stability + (crc32(cell.employee.bytes + cell.day.work_date.isoformat().encode()) & HASH)


def _caps(cells: Sequence[Cell], weeks: Mapping[tuple[int, int], int]) -> Ints:
    """The lowest cap of the days of each week, (weeks,)."""
    caps = np.full(len(weeks), NO_CAP)
    for cell in cells:
        cap = cell.day.rules.weekly_cap_days
        if cap is not None:
            caps[weeks[cell.day.week]] = min(caps[weeks[cell.day.week]], cap)
    return caps


def _shares(cells: Sequence[Cell], stands: Standing, staff: Mapping[date, int]) -> list[Cover]:
    """The share of the OPD's staff who are present, those at home elsewhere included; or of each unit's.

    Where a site has rules of its own, the strictest share of the day holds.
    """
    together: dict[tuple[date, str | None], list[int]] = defaultdict(list)
    for number, (day, _) in enumerate(cells):
        together[day.work_date, day.unit if day.rules.share_of == "UNIT" else None].append(number)
    limits = (min(limit(cells[n].day, stands, staff) for n in numbers) for numbers in together.values())
    return [Cover(np.array(numbers), 0, most) for numbers, most in zip(together.values(), limits, strict=True)]
