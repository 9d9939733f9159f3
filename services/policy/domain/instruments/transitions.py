"""What happens to an instrument that is enacted: suspended, resumed, revoked, days granted, a date reached. Pure."""

from collections.abc import Sequence
from datetime import date

from services.policy.domain.commands import (
    ApproveDays,
    DeclineRecommendation,
    RecordDue,
    ResumeInstrument,
    RevokeInstrument,
    SuspendInstrument,
)
from services.policy.domain.instruments.consistency import again_faults
from services.policy.domain.instruments.decision import (
    Desk,
    Told,
    change,
    concerned,
    enacted,
    ended,
    over,
    revoked,
    since,
    turned,
)
from services.policy.domain.instruments.lifecycle import NEVER, Course, Courses, granted, segments, superseded
from services.policy.domain.resolution.binding import Granted
from services.policy.domain.validation.rule_errors import raised
from shared.domain.facts.base import Invalid
from shared.domain.facts.policy import (
    InstrumentDaysApproved,
    InstrumentDeclined,
    InstrumentReached,
    InstrumentResumed,
    InstrumentRevoked,
    InstrumentSuspended,
)

NOT_YET = frozenset({"DRAFT", "STUDY", "ENACTED"})


def suspend(command: SuspendInstrument, desk: Desk) -> Sequence[Told]:
    """No longer, until it is resumed."""
    before = enacted(command.instrument, desk)
    until = since(command, desk.today)
    gap = before.open_gap
    if until >= min(before.until, gap.first if gap else NEVER):
        return []
    if gap and revoked(gap):
        raise Invalid(
            "/instrument",
            f"Instrumen {command.instrument} dicabut mulai {gap.first}; majukan pencabutannya.",
            f"Instrument {command.instrument} is revoked from {gap.first} on; revoke it earlier instead.",
        )
    fact = InstrumentSuspended(**command.model_dump(), binds_until=until)
    return [turned(command, fact, desk, "SUSPENDED", until)]


def resume(command: ResumeInstrument, desk: Desk) -> Sequence[Told]:
    """Once more, from now on."""
    before = enacted(command.instrument, desk)
    gap = before.open_gap
    if gap is None or revoked(gap):
        raise Invalid(
            "/instrument",
            f"Instrumen {command.instrument} tidak sedang ditangguhkan.",
            f"Instrument {command.instrument} is not suspended.",
        )
    raised(again_faults(before.instrument, desk.courses))
    first = max(since(command, desk.today), gap.first)
    fact = InstrumentResumed(**command.model_dump(), binds_from=first)
    return [turned(command, fact, desk, "RESUMED", first)]


def revoke(command: RevokeInstrument, desk: Desk) -> Sequence[Told]:
    """No longer, for good."""
    before = enacted(command.instrument, desk)
    until = since(command, desk.today)
    gap = before.open_gap
    if until >= min(before.until, gap.first if gap and revoked(gap) else NEVER):
        return []
    fact = InstrumentRevoked(**command.model_dump(), binds_until=until)
    return [turned(command, fact, desk, "REVOKED", until)]


def approve(command: ApproveDays, desk: Desk) -> Sequence[Told]:
    """An OPD may use the optional days that it applied for."""
    course = enacted(command.instrument, desk)
    offered = {day for a in course.instrument.rules.approvals if a.kind == "OPD_DAYS" for day in a.weekdays}
    if not set(command.weekdays) <= offered:
        raise Invalid(
            "/weekdays",
            f"{command.instrument} tidak menawarkan hari {', '.join(command.weekdays)} atas permohonan OPD.",
            f"{command.instrument} does not offer {', '.join(command.weekdays)} on an OPD's application.",
        )
    if command.opd not in desk.register:
        raise Invalid("/opd", f"OPD {command.opd} belum terdaftar.", f"OPD {command.opd} is not in the register.")
    said = command.model_dump()
    fact = InstrumentDaysApproved(applicant=said.pop("opd"), **said, binds_from=since(command, desk.today))
    if any(_within(granted(fact), grant) for grant in course.grants):
        return []
    last = min(course.until, over(command.instrument, desk))
    if fact.binds_from >= last:
        raise ended(command.instrument, last)
    return [turned(command, fact, desk, "APPROVED", fact.binds_from)._replace(opds=(command.opd,))]


def _within(asked: Granted, grant: Granted) -> bool:
    """Whether an OPD has these days on these dates already."""
    days = grant.opd == asked.opd and set(asked.weekdays) <= set(grant.weekdays)
    return days and grant.first <= asked.first and asked.until <= grant.until


def decline(command: DeclineRecommendation, desk: Desk) -> Sequence[Told]:
    """Another government is not followed; no rule changes."""
    if command.recommendation in desk.declined:
        return []
    return [Told(InstrumentDeclined(**command.model_dump()))]


def reach(command: RecordDue, desk: Desk) -> Sequence[Told]:
    """Every change of state whose date has come, once."""
    return [
        Told(
            InstrumentReached(region=command.region, instrument=name, state=state, on=on),
            change(desk.courses[name].instrument, state, on, desk.courses[name].versions[-1].attested_by),
            concerned(desk.courses, desk.courses[name].instrument),
        )
        for on, name, state in due(desk.courses, desk.today)
    ]


def due(courses: Courses, today: date) -> list[tuple[date, str, str]]:
    """Every (date, instrument, state) that an instrument came into until today and that is not on record."""
    ends = superseded(courses)
    return sorted(
        (on, name, state)
        for name, course in courses.items()
        for on, state in turns(course, ends.get(name, NEVER))
        if on <= today and (state, on) not in course.reached
    )


def turns(course: Course, superseded_from: date) -> list[tuple[date, str]]:
    """The dates on which an enacted instrument comes into force, is amended, or leaves force by itself."""
    reached = [(day, state) for day, state in segments(course, superseded_from) if state not in NOT_YET]
    return [*reached, *((version.first, "AMENDED") for version in course.versions[1:])]
