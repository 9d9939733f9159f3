"""Describes one unit on one work date for the planner: posts, people, rules and hours. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from math import ceil
from typing import NamedTuple
from uuid import UUID

from shared.domain.facts.policy import ArrangementChanged, Period, PolicyChanged, Post, period_on
from shared.domain.facts.roster import Break, EmployeePlaced
from shared.domain.facts.rules import WEEKDAYS, Rules
from shared.domain.work_location import ON_SITE_CLASSES, StaffProfile, WorkLocation, is_flexible_day, work_location

OFFICE_MINUTES = (450, 960)
OFFICE_MINUTES_FRIDAY = (450, 990)
"""07:30-16:00, on Fridays to 16:30 (Perpres 21/2023: 37.5 hours a week without breaks)."""

BREAKS = tuple(Break(from_minute=start, to_minute=start + 60) for start in (720, 660, 780, 840))
BREAKS_FRIDAY = tuple(Break(from_minute=start, to_minute=start + 90) for start in (690, 600, 780))
"""Breaks around noon that do not overlap, in order of use: one group of a post rests while the others work."""

MINUTES_PER_DAY = 1440
MIN_REST_MINUTES = 480
"""Minutes between the end of a night shift and the next shift."""


class PostShift(NamedTuple):
    """A shift at a post, in minutes from midnight of its work date at the site."""

    post: str
    from_minute: int
    to_minute: int

    @property
    def rested_from(self) -> int:
        """Return the minute of the next day from which the person may work again; 0 if the shift ends by 24:00."""
        return self.to_minute - MINUTES_PER_DAY + MIN_REST_MINUTES if self.to_minute > MINUTES_PER_DAY else 0


@dataclass(frozen=True)
class UnitDay:
    """One unit on one work date, as the planner knows it. `absences`: the kind of absence by employee."""

    work_date: date
    arrangement: ArrangementChanged
    policy: PolicyChanged | None
    people: Sequence[EmployeePlaced]
    absences: Mapping[UUID, str] = field(default_factory=dict)

    @property
    def unit(self) -> str:
        """Return the code of the unit."""
        return self.arrangement.unit

    @property
    def weekday(self) -> str:
        """Return the weekday, MON to SUN."""
        return WEEKDAYS[self.work_date.weekday()]

    @property
    def week(self) -> tuple[int, int]:
        """Return the ISO year and week."""
        return self.work_date.isocalendar()[:2]

    @cached_property
    def holidays(self) -> frozenset[date]:
        """Return the holidays of the calendar in force."""
        return frozenset(h.date for h in self.policy.holidays) if self.policy else frozenset()

    @property
    def is_holiday(self) -> bool:
        """Return whether the date is a holiday."""
        return self.work_date in self.holidays

    @property
    def is_day_off(self) -> bool:
        """Return whether only people at posts work."""
        return self.is_holiday or self.weekday in {"SAT", "SUN"}

    @cached_property
    def period(self) -> Period | None:
        """Return the policy period of the date, with the rules of the unit's site; None if no instrument binds."""
        period = period_on(self.policy.periods, self.work_date) if self.policy else None
        return period.at_site(self.arrangement.site.site) if period else None

    @property
    def rules(self) -> Rules:
        """Return the rules in force on the date; empty rules if no instrument binds."""
        return self.period.rules if self.period else Rules()

    @property
    def is_flexible(self) -> bool:
        """Return whether the pattern lets people of the site work from home on the date."""
        return not self.is_day_off and is_flexible_day(self.rules, self.work_date, self.arrangement.site.site)

    @property
    def is_on_site_class(self) -> bool:
        """Return whether units of this class stay on site, always or by the rules of the date."""
        return self.arrangement.class_ in ON_SITE_CLASSES | set(self.rules.excluded_classes)

    def work_location_of(self, person: EmployeePlaced) -> WorkLocation:
        """Return where the rules place a person of the unit who has no post."""
        key = person.position_class, person.job_type
        if key not in self._work_locations:
            profile = StaffProfile(self.arrangement.class_, self._kinds, self.arrangement.site.site, *key)
            self._work_locations[key] = work_location(self.rules, self.work_date, profile, holiday=self.is_holiday)
        return self._work_locations[key]

    @cached_property
    def _work_locations(self) -> dict[tuple[str, str], WorkLocation]:
        """Return the cache by position and job type; the rules depend on nothing else of a person."""
        return {}

    @cached_property
    def _kinds(self) -> frozenset[str]:
        return frozenset({self.unit, self.arrangement.opd, *self.arrangement.kinds})

    @cached_property
    def may_work_from_home(self) -> frozenset[UUID]:
        """Return the people present whom the rules allow to work from home on the date."""
        if self.is_day_off:
            return frozenset()
        return frozenset(p.employee for p in self.present if self.work_location_of(p).location in {"WFH", "MAX_SHARE"})

    @cached_property
    def present(self) -> list[EmployeePlaced]:
        """Return the people who are not absent, in the order of their ids."""
        return sorted((p for p in self.people if p.employee not in self.absences), key=lambda p: str(p.employee))

    @cached_property
    def open_posts(self) -> list[Post]:
        """Return the posts that open on the date."""
        return [post for post in self.arrangement.posts if post.opens_on(self.work_date, self.holidays)]

    @property
    def office_minutes(self) -> tuple[int, int]:
        """Return start and end of the office hours, for people without a post."""
        return OFFICE_MINUTES_FRIDAY if self.weekday == "FRI" else OFFICE_MINUTES

    @property
    def breaks(self) -> tuple[Break, ...]:
        """Return the possible breaks of the date in order of use."""
        return BREAKS_FRIDAY if self.weekday == "FRI" else BREAKS

    def shift_at(self, post: Post) -> PostShift:
        """Return the shift of people at a post.

        If the post is open within office hours they work the office hours, extended to the closing of the post (which
        may be open as late on every day as the office is on Fridays); otherwise the opening hours of the post.
        """
        start, end = self.office_minutes
        if not keeps_office_hours(post):
            return PostShift(post.post, post.opens_minute, post.closes_minute)
        return PostShift(post.post, start, max(end, post.closes_minute))

    def relief_heads(self, post: Post) -> int:
        """Return how many heads beyond the minimum let everyone have a break: one group rests in each break."""
        # All m + r people rest in b groups of at most r: m + r <= b * r, so r >= m / (b - 1).
        return ceil(post.minimum / (len(self.breaks) - 1)) if keeps_office_hours(post) else 0

    def source_instrument(self, rule: str) -> str | None:
        """Return the instrument that supplied a rule; for the pattern the one that granted this weekday."""
        if self.period is None:
            return None
        granted = self.period.granted_weekdays().get(self.weekday) if rule == "pattern" else None
        winner = granted or self.period.won_by.get(rule)
        return winner.instrument if winner else None


def keeps_office_hours(post: Post) -> bool:
    """Return whether people at a post work the office's hours and take its breaks."""
    return OFFICE_MINUTES[0] <= post.opens_minute and post.closes_minute <= OFFICE_MINUTES_FRIDAY[1]
