"""A unit's day by the fixed weekday and the post minima: who fills which post, who works at home, and why. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import cycle
from math import ceil
from uuid import UUID

from shared.facts.policy import ArrangementChanged, Period, PolicyChanged, Post
from shared.facts.roster import Assignment, Break, EmployeePlaced, Reason, Required

WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
ON_SITE_CLASSES = frozenset({"DIRECT", "EMERGENCY_24X7"})
"""Their share of WFH is 0 under every instrument (design 1-mission, rules that hold everywhere)."""

OFFICE = (450, 960)
OFFICE_FRIDAY = (450, 990)
"""07:30-16:00, Fridays to 16:30 (Perpres 21/2023: 37.5 hours a week net of breaks)."""

BREAKS = tuple(Break(from_minute=start, to_minute=start + 60) for start in (720, 660, 780, 840))
BREAKS_FRIDAY = tuple(Break(from_minute=start, to_minute=start + 90) for start in (690, 600, 780))
"""Breaks around noon that never overlap, in order of use: one group of a post rests while the others keep it."""


Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Day:
    """What the planner knows of one unit on one work date."""

    work_date: date
    arrangement: ArrangementChanged
    policy: PolicyChanged | None
    people: Sequence[EmployeePlaced]

    @property
    def weekday(self) -> str:
        """MON..SUN."""
        return WEEKDAYS[self.work_date.weekday()]

    @property
    def holiday(self) -> bool:
        """Whether the calendar in force takes the day off."""
        return self.policy is not None and any(h.date == self.work_date for h in self.policy.holidays)

    @property
    def period(self) -> Period | None:
        """The rules in force that day."""
        periods = self.policy.periods if self.policy else ()
        return next((p for p in periods if p.from_ <= self.work_date <= (p.to or self.work_date)), None)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A planned day: the posts it saw, everybody's place, and the heads that are short by post."""

    required: tuple[Required, ...]
    assignments: tuple[Assignment, ...]
    shortage: Mapping[str, int]


def plan(day: Day) -> Drawn:
    """Fill every open post first; then home for whom the weekday sends home, the office for the rest.

    A shortage is named, never refused: the people there are still assigned.
    """
    posts = _open_posts(day)
    people = sorted(day.people, key=lambda p: str(p.employee))
    at_post = _fill(day, posts, people)
    filled = [a for post in posts for a in _post_shifts(day, post, at_post[post.post])]
    busy = {a.employee for a in filled}
    rest = [_elsewhere(day, p.employee) for p in people if p.employee not in busy]
    required = tuple(
        Required(post=p.post, from_minute=p.opens_minute, to_minute=p.closes_minute, minimum=p.minimum) for p in posts
    )
    short = {p.post: _missing(p, [a for a in filled if a.post == p.post]) for p in posts}
    return Drawn(required, (*filled, *rest), {post: heads for post, heads in short.items() if heads})


def _open_posts(day: Day) -> list[Post]:
    posts = (p for p in day.arrangement.posts if day.weekday in p.weekdays)
    return [p for p in posts if not day.holiday or p.on_holidays == "OPEN"]


def _fill(day: Day, posts: Sequence[Post], people: Sequence[EmployeePlaced]) -> Mapping[str, list[UUID]]:
    """The people of each post: every minimum, scarce skills first; then relief; then, if all are on site, the rest."""
    at_post: dict[str, list[UUID]] = {p.post: [] for p in posts}
    free = sorted(people, key=lambda e: sum(_able(e, p) for p in posts))
    scarce = sorted(posts, key=lambda p: (sum(_able(e, p) for e in people), p.post))
    for post, heads in [*((p, p.minimum) for p in scarce), *((p, _relief(day, p)) for p in scarce)]:
        chosen = [e for e in free if _able(e, post)][:heads]
        at_post[post.post] += (e.employee for e in chosen)
        free = [e for e in free if e not in chosen]
    spread = posts and day.arrangement.class_ in ON_SITE_CLASSES
    for person, start in zip(free if spread else [], cycle(range(len(posts) or 1)), strict=False):
        able = [p.post for p in (*posts[start:], *posts[:start]) if _able(person, p)]
        for post_code in able[:1]:
            at_post[post_code].append(person.employee)
    return at_post


def _relief(day: Day, post: Post) -> int:
    """Heads beyond the minimum that let everybody rest: a post rests in as many groups as the day has breaks."""
    return ceil(post.minimum / (len(_breaks(day)) - 1)) if _in_office_hours(post) else 0


def _missing(post: Post, shifts: Sequence[Assignment]) -> int:
    """The greatest number of heads below the minimum at any minute the post is open, but for its breaks."""
    # everybody is there from opening to closing: heads can only go missing where a break begins
    rests = [rest for shift in shifts for rest in shift.breaks]
    starts = {rest.from_minute for rest in rests if rest.from_minute < post.closes_minute}
    minutes = {post.opens_minute, *(start for start in starts if start > post.opens_minute)}
    resting = max(sum(r.from_minute <= minute < r.to_minute for r in rests) for minute in minutes)
    return max(post.minimum - len(shifts) + resting, 0)


def _in_office_hours(post: Post) -> bool:
    return OFFICE[0] <= post.opens_minute and post.closes_minute <= OFFICE_FRIDAY[1]


def _able(person: EmployeePlaced, post: Post) -> bool:
    return set(post.skills) <= set(person.skills)


def _post_shifts(day: Day, post: Post, employees: Sequence[UUID]) -> list[Assignment]:
    start, end = _hours(day, post)
    group = max(len(employees) - post.minimum, ceil(len(employees) / len(_breaks(day))))
    reason = Reason(rule="post_minimum", code="SERVICE_STANDARD")
    return [
        Assignment(
            employee=employee,
            mode="WFO",
            place=day.arrangement.site.site,
            post=post.post,
            from_minute=start,
            to_minute=end,
            breaks=(_breaks(day)[number // group],) if _in_office_hours(post) else (),
            reason=reason,
        )
        for number, employee in enumerate(employees)
    ]


def _hours(day: Day, post: Post) -> Span:
    """The office's hours and, on other days than it was made for, as long as the post is open; at night the post's."""
    start, end = _office(day)
    return (start, max(end, post.closes_minute)) if _in_office_hours(post) else (post.opens_minute, post.closes_minute)


def _elsewhere(day: Day, employee: UUID) -> Assignment:
    """Somebody without a post: off, at home, or in the office, each with its reason."""
    mode, reason = _mode(day)
    start, end = _office(day)
    site = day.arrangement.site.site if mode == "WFO" else None
    return Assignment(
        employee=employee,
        mode=mode,
        place=site,
        from_minute=start,
        to_minute=end,
        breaks=_breaks(day)[:1],
        reason=reason,
    )


def _mode(day: Day) -> tuple[str, Reason]:
    if day.holiday or day.weekday in {"SAT", "SUN"}:
        return "OFF", Reason(rule="calendar", code="HOLIDAY" if day.holiday else "WEEKEND")
    if _weekday_pattern(day) and not _excluded(day):
        return "WFH", Reason(rule="pattern", code="WFH_WEEKDAY", instrument=_winner(day, "pattern"))
    if _weekday_pattern(day):
        return "WFO", Reason(
            rule="excluded_classes", code="DIRECT_SERVICE", instrument=_winner(day, "excluded_classes")
        )
    return "WFO", Reason(rule="office", code="OFFICE_DAY")


def _weekday_pattern(day: Day) -> bool:
    pattern = day.period.rules.pattern if day.period else None
    return pattern is not None and day.weekday in pattern.weekdays


def _excluded(day: Day) -> bool:
    excluded = set(day.period.rules.excluded_classes) if day.period else set()
    return day.arrangement.class_ in ON_SITE_CLASSES | excluded


def _winner(day: Day, rule: str) -> str | None:
    winner = day.period.won_by.get(rule) if day.period else None
    return winner.instrument if winner else None


def _office(day: Day) -> Span:
    return OFFICE_FRIDAY if day.weekday == "FRI" else OFFICE


def _breaks(day: Day) -> tuple[Break, ...]:
    return BREAKS_FRIDAY if day.weekday == "FRI" else BREAKS
