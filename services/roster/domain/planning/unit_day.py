"""One unit on one work date: what it must provide, who is there, which rules hold, the hours. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from math import ceil
from typing import NamedTuple
from uuid import UUID

from shared.domain import work_location
from shared.domain.facts.policy import ArrangementChanged, Period, PolicyChanged, Post, Rules
from shared.domain.facts.roster import Break, EmployeePlaced
from shared.domain.work_location import WEEKDAYS

OFFICE = (450, 960)
OFFICE_FRIDAY = (450, 990)
"""07:30-16:00, Fridays to 16:30 (Perpres 21/2023: 37.5 hours a week net of breaks)."""

BREAKS = tuple(Break(from_minute=start, to_minute=start + 60) for start in (720, 660, 780, 840))
BREAKS_FRIDAY = tuple(Break(from_minute=start, to_minute=start + 90) for start in (690, 600, 780))
"""Breaks around noon that never overlap, in order of use: one group of a post rests while the others keep it."""

MIDNIGHT = 1440
REST = 480
"""Minutes between the end of a night and the next shift."""


class Turn(NamedTuple):
    """A shift at a post: minutes from the site's midnight of its work date."""

    post: str
    from_minute: int
    to_minute: int

    @property
    def rested(self) -> int:
        """From which minute of the next day on who worked a night may work again; 0 after a day."""
        return self.to_minute - MIDNIGHT + REST if self.to_minute > MIDNIGHT else 0


@dataclass(frozen=True)
class UnitDay:
    """What the planner knows of one unit on one work date. `away` is who has leave or travels, and of what kind."""

    work_date: date
    arrangement: ArrangementChanged
    policy: PolicyChanged | None
    people: Sequence[EmployeePlaced]
    away: Mapping[UUID, str] = field(default_factory=dict)

    @property
    def unit(self) -> str:
        """The code of the unit."""
        return self.arrangement.unit

    @property
    def weekday(self) -> str:
        """MON..SUN."""
        return WEEKDAYS[self.work_date.weekday()]

    @property
    def week(self) -> tuple[int, int]:
        """The ISO year and week."""
        return self.work_date.isocalendar()[:2]

    @cached_property
    def holiday(self) -> bool:
        """Whether the calendar in force takes the day off."""
        return self.policy is not None and any(h.date == self.work_date for h in self.policy.holidays)

    @property
    def off(self) -> bool:
        """Whether nobody works who has no post."""
        return self.holiday or self.weekday in {"SAT", "SUN"}

    @cached_property
    def period(self) -> Period | None:
        """The stretch of policy that the day lies in, with the rules of the unit's site."""
        periods = self.policy.periods if self.policy else ()
        there = next((p for p in periods if p.from_ <= self.work_date <= (p.to or self.work_date)), None)
        return there.at(self.arrangement.site.site) if there else None

    @property
    def rules(self) -> Rules:
        """The rules in force that day; none set where no instrument binds."""
        return self.period.rules if self.period else Rules()

    @property
    def flexible(self) -> bool:
        """Whether the pattern lets people of the site be at home that day."""
        return not self.off and work_location.flexible(self.rules, self.work_date, self.arrangement.site.site)

    @property
    def kept_by_class(self) -> bool:
        """Whether the class of the unit stays on site."""
        return self.arrangement.class_ in work_location.ON_SITE_CLASSES | set(self.rules.excluded_classes)

    def where(self, person: EmployeePlaced) -> work_location.Verdict:
        """Where the rules put somebody of the unit who has no post."""
        key = person.position_class, person.job_type
        if key not in self._verdicts:
            site = self.arrangement.site.site
            who = work_location.Who(self.arrangement.class_, self._kinds, site, *key)
            self._verdicts[key] = work_location.verdict(self.rules, self.work_date, who, holiday=self.holiday)
        return self._verdicts[key]

    @cached_property
    def _verdicts(self) -> dict[tuple[str, str], work_location.Verdict]:
        """What was asked already: people of one position and job type are told the same."""
        return {}

    @cached_property
    def _kinds(self) -> frozenset[str]:
        return frozenset({self.unit, self.arrangement.opd, *self.arrangement.kinds})

    @cached_property
    def may_be_home(self) -> frozenset[UUID]:
        """Who of those present the rules let be at home that day."""
        if self.off:
            return frozenset()
        return frozenset(p.employee for p in self.present if self.where(p).where in {"WFH", "MAX_SHARE"})

    @cached_property
    def present(self) -> list[EmployeePlaced]:
        """Who is not away, in the order of their ids."""
        return sorted((p for p in self.people if p.employee not in self.away), key=lambda p: str(p.employee))

    @cached_property
    def posts(self) -> list[Post]:
        """The posts that open that day."""
        posts = (p for p in self.arrangement.posts if self.weekday in p.weekdays)
        return [p for p in posts if not self.holiday or p.on_holidays == "OPEN"]

    @property
    def office(self) -> tuple[int, int]:
        """The hours of who has no post."""
        return OFFICE_FRIDAY if self.weekday == "FRI" else OFFICE

    @property
    def breaks(self) -> tuple[Break, ...]:
        """The breaks of the day in order of use."""
        return BREAKS_FRIDAY if self.weekday == "FRI" else BREAKS

    def turn(self, post: Post) -> Turn:
        """The office's hours and, on other days than it was made for, as long as the post is open; else the post's."""
        start, end = self.office
        if not in_office_hours(post):
            return Turn(post.post, post.opens_minute, post.closes_minute)
        return Turn(post.post, start, max(end, post.closes_minute))

    def relief(self, post: Post) -> int:
        """Heads beyond the minimum that let everybody rest: a post rests in as many groups as the day has breaks."""
        return ceil(post.minimum / (len(self.breaks) - 1)) if in_office_hours(post) else 0

    def instrument(self, rule: str) -> str | None:
        """The instrument that won a rule."""
        if self.period is None:
            return None
        granted = self.period.granted().get(self.weekday) if rule == "pattern" else None
        winner = granted or self.period.won_by.get(rule)
        return winner.instrument if winner else None


def in_office_hours(post: Post) -> bool:
    """Whether the people of a post keep the office's hours and breaks."""
    return OFFICE[0] <= post.opens_minute and post.closes_minute <= OFFICE_FRIDAY[1]
