"""What a decision on an instrument may see, and what it tells. Pure."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from services.policy.domain.commands import (
    ApproveDays,
    ResumeInstrument,
    RevokeInstrument,
    ScheduleInstrument,
    SuspendInstrument,
    Turn,
)
from services.policy.domain.instruments.lifecycle import NEVER, Course, Courses, Gap, bindings, superseded
from shared.domain.facts.base import Fact, Invalid
from shared.domain.facts.policy import Change, Instrument, Recommendation

Turned = ScheduleInstrument | SuspendInstrument | ResumeInstrument | RevokeInstrument | ApproveDays


class Told(NamedTuple):
    """A fact about an instrument; why policy changed by it, if it did; the OPD that are told, all if none is named."""

    fact: Fact
    change: Change | None = None
    opds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Desk:
    """What a decision on an instrument may see: what is on record and what was declined, the register, the date."""

    courses: Courses
    register: frozenset[str]
    today: date
    declined: frozenset[Recommendation] = frozenset()


def since(turn: Turn, today: date) -> date:
    """Nothing that is decided on an instrument reaches back before it was known."""
    return max(turn.effective_from, turn.published_on, today)


def enacted(name: str, desk: Desk) -> Course:
    """The course of an enacted instrument. Raises `Invalid` for any other."""
    course = desk.courses.get(name)
    if course is None or course.stage != "ENACTED":
        raise Invalid(
            "/instrument",
            f"Instrumen {name} belum ditetapkan di wilayah ini.",
            f"Instrument {name} is not enacted in this region.",
        )
    return course


def revoked(gap: Gap | None) -> bool:
    """Whether a gap is there because the instrument was revoked."""
    return gap is not None and gap.state == "REVOKED"


def over(name: str, desk: Desk) -> date:
    """The first date on which an instrument is superseded or revoked for good, whatever its own words are."""
    gap = desk.courses[name].open_gap
    return min(superseded(desk.courses).get(name, NEVER), gap.first if gap and revoked(gap) else NEVER)


def ended(name: str, last: date) -> Invalid:
    """Why nothing more can be decided on an instrument that binds nobody from a date on."""
    return Invalid(
        "/effective_from",
        f"Instrumen {name} tidak berlaku lagi sejak {last}.",
        f"Instrument {name} is no longer in force from {last} on.",
    )


def concerned(courses: Courses, *contents: Instrument) -> tuple[str, ...]:
    """The OPD that instruments bind, and those that are bound by what these supersede; none stands for all."""
    gone = [courses[name].instrument for content in contents for name in content.supersedes if name in courses]
    named = [each.opds for each in (*contents, *gone)]
    return tuple(dict.fromkeys(opd for opds in named for opd in opds)) if all(named) else ()


def change(instrument: Instrument, kind: str, first: date, attested_by: str | None) -> Change:
    """Why policy changed, by the dates of the instrument itself."""
    return Change(
        kind=kind,
        instrument=instrument.instrument,
        decided_on=instrument.decided_on,
        published_on=instrument.published_on,
        published_attested_by=attested_by,
        effective_from=first,
    )


def turned(turn: Turned, fact: Fact, desk: Desk, kind: str, first: date) -> Told:
    """A fact of a later decision on an instrument, and why policy changed by the dates of that decision."""
    why = Change(
        kind=kind,
        instrument=turn.instrument,
        decided_on=turn.decided_on,
        published_on=turn.published_on,
        effective_from=first,
    )
    return Told(fact, why, concerned(desk.courses, desk.courses[turn.instrument].instrument))


def binding(courses: Courses, opd: str, today: date) -> list[Change]:
    """Why an OPD that opens today is bound: by every instrument that still binds it, in the order of recording."""
    return [
        change(b.instrument, "ENACTED", b.first, b.attested_by)
        for b in bindings(courses)
        if max(b.first, today) < b.until and (not b.instrument.opds or opd in b.instrument.opds)
    ]
