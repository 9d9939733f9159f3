"""The course of an instrument, from its draft to its end: what is recorded of it, and on which dates it binds. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from services.policy.domain.resolution.binding import DAY, Binding, Granted
from shared.domain.facts.base import Fact
from shared.domain.facts.policy import (
    Instrument,
    InstrumentAmended,
    InstrumentDaysApproved,
    InstrumentDrafted,
    InstrumentEnacted,
    InstrumentReached,
    InstrumentResumed,
    InstrumentRevoked,
    InstrumentScheduled,
    InstrumentSuspended,
)

NEVER = date.max
"""The date from which on something holds that has no date yet; and until which what has no end does."""


class Version(NamedTuple):
    """What an instrument says from a date on."""

    instrument: Instrument
    first: date
    attested_by: str | None = None


class Gap(NamedTuple):
    """Dates on which an instrument does not bind: from the first, until (not including) the second."""

    first: date
    until: date
    state: str


@dataclass(frozen=True, slots=True)
class Course:
    """One instrument as recorded: its stage or its versions, the gaps between them, the approvals that it asks for."""

    stage: str
    versions: tuple[Version, ...]
    gaps: tuple[Gap, ...] = ()
    grants: tuple[Granted, ...] = ()
    reached: tuple[tuple[str, date], ...] = ()

    @property
    def instrument(self) -> Instrument:
        """What it says by its last version."""
        return self.versions[-1].instrument

    @property
    def first(self) -> date:
        """The first date on which it binds."""
        return self.versions[0].first

    @property
    def until(self) -> date:
        """The first date on which it no longer binds by its own words."""
        return max(end(self.instrument), self.versions[-1].first)

    @property
    def open_gap(self) -> Gap | None:
        """The gap that nobody has closed."""
        return next((gap for gap in self.gaps if gap.until == NEVER), None)


Courses = Mapping[str, Course]
"""Every instrument of a region by its id, in the order of recording."""


def end(instrument: Instrument) -> date:
    """The first date that an instrument no longer binds, unless it ends otherwise."""
    return instrument.effective_to + DAY if instrument.effective_to else NEVER


def recorded(courses: Courses, fact: Fact) -> Courses:  # noqa: PLR0911 - one for each fact
    """The courses after one more fact."""
    match fact:
        case InstrumentDrafted(instrument=content, stage=stage):
            return {**courses, content.instrument: Course(stage, (Version(content, NEVER),))}
        case InstrumentEnacted(instrument=content):
            return {**courses, content.instrument: _enacted(courses.get(content.instrument), fact)}
        case InstrumentAmended(instrument=content, binds_from=first, published_attested_by=by):
            course = courses[content.instrument]
            kept = tuple(v for v in course.versions if v.first < first)
            return {**courses, content.instrument: replace(course, versions=(*kept, Version(content, first, by)))}
        case InstrumentScheduled(instrument=name, effective_from=begins, binds_from=first, published_attested_by=by):
            dated = courses[name].instrument.model_copy(update={"effective_from": begins})
            return {**courses, name: replace(courses[name], versions=(Version(dated, first, by),))}
        case InstrumentSuspended(instrument=name, binds_until=until):
            return _broken(courses, name, Gap(until, NEVER, "SUSPENDED"))
        case InstrumentRevoked(instrument=name, binds_until=until):
            return _broken(courses, name, Gap(until, NEVER, "REVOKED"))
        case InstrumentResumed(instrument=name, binds_from=first):
            return {**courses, name: _mended(courses[name], first)}
        case InstrumentDaysApproved(instrument=name):
            return {**courses, name: replace(courses[name], grants=(*courses[name].grants, granted(fact)))}
        case InstrumentReached(instrument=name, state=state, on=on):
            reached = (*courses[name].reached, (state, on))
            return {**courses, name: replace(courses[name], reached=reached)}
    return courses


def _enacted(before: Course | None, fact: InstrumentEnacted) -> Course:
    first = fact.binds_from or NEVER
    version = Version(fact.instrument, first, fact.published_attested_by)
    if before is None or before.stage != "ENACTED":
        return Course("ENACTED", (version,))
    if (
        before.open_gap and before.open_gap.first <= before.first
    ):  # revoked before it began: nothing of it was ever in force
        return replace(before, versions=(version,), gaps=())
    return _mended(before, first)


def _broken(courses: Courses, name: str, gap: Gap) -> Courses:
    """A revocation may come into a suspension, and takes its place from its own date on."""
    course = courses[name]
    before = tuple(g if g.until < NEVER else g._replace(until=min(g.until, gap.first)) for g in course.gaps)
    gaps = tuple(g for g in before if g.first < g.until)
    return {**courses, name: replace(course, gaps=(*gaps, gap))}


def _mended(course: Course, first: date) -> Course:
    gaps = tuple(g if g.until < NEVER else g._replace(until=first) for g in course.gaps)
    return replace(course, gaps=tuple(g for g in gaps if g.first < g.until))


def granted(fact: InstrumentDaysApproved) -> Granted:
    """The dates on which an OPD has the optional days that were approved."""
    until = fact.effective_to + DAY if fact.effective_to else NEVER
    return Granted(fact.instrument, fact.applicant, fact.weekdays, fact.binds_from, until)


def bindings(courses: Courses) -> list[Binding]:
    """Every instrument with the dates on which it binds, what supersedes it taken into account."""
    ends = superseded(courses)
    return [b for name, course in courses.items() for b in _bindings(course, ends.get(name, NEVER))]


def superseded(courses: Courses) -> Mapping[str, date]:
    """From which date on an instrument is superseded: the first on which its successor binds everywhere and says so.

    What was revoked or superseded itself before it began supersedes nothing, and what is suspended nothing yet.
    """
    ends: dict[str, date] = {}
    for first, by, name in sorted((on, by, n) for by, course in courses.items() for n, on in supersessions(course)):
        if first < ends.get(by, NEVER):
            ends.setdefault(name, first)
    return ends


def supersessions(course: Course) -> list[tuple[str, date]]:
    """Whatever an instrument supersedes, and since when, as long as nothing supersedes it."""
    bound = [b for b in _bindings(course, NEVER) if b.everywhere < b.until]
    return [(name, b.everywhere) for b in bound for name in b.instrument.supersedes]


def _bindings(course: Course, until: date) -> Iterator[Binding]:
    followed = (*(v.first for v in course.versions[1:]), NEVER)
    for version, following in zip(course.versions, followed, strict=True):
        last = min(following, end(version.instrument), until)
        for first, stop in _without(version.first, last, course.gaps):
            yield Binding(version.instrument, first, stop, version.attested_by, course.first)


def _without(first: date, until: date, gaps: Iterable[Gap]) -> Iterator[tuple[date, date]]:
    for gap in sorted(gaps):
        if first < min(gap.first, until):
            yield first, min(gap.first, until)
        first = max(first, gap.until)
    if first < until:
        yield first, until


def grants(courses: Courses) -> list[Granted]:
    """The approvals of all instruments."""
    return [grant for course in courses.values() for grant in course.grants]


def state_on(course: Course, day: date, superseded_from: date = NEVER) -> str:
    """DRAFT, STUDY, ENACTED (and not in force yet), IN_FORCE, SUSPENDED, SUPERSEDED, REVOKED or EXPIRED."""
    gap = next((g for g in course.gaps if g.first <= day < g.until), None)
    revoked = gap is not None and gap.state == "REVOKED"
    if course.stage == "ENACTED" and superseded_from <= min(day, course.until, gap.first if gap and revoked else NEVER):
        return "SUPERSEDED"
    if gap and (revoked or day < course.until):
        return gap.state
    if day < course.first:
        return course.stage
    return "IN_FORCE" if day < course.until else "EXPIRED"


def segments(course: Course, superseded_from: date = NEVER) -> list[tuple[date, str]]:
    """Every state of an instrument and the date from which it is in it, the first from its decision on."""
    stops = {course.first, course.until, superseded_from, *(day for gap in course.gaps for day in gap[:2])}
    decided = course.versions[0].instrument.decided_on
    found = [(decided, state_on(course, decided, superseded_from))]
    for day in sorted(stops - {NEVER}):
        state = state_on(course, day, superseded_from)
        if state != found[-1][1]:
            found.append((day, state))
    return found
