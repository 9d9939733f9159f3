"""What binds somebody on a date, and why: one answer, and the chain of rules that led to it. Pure."""

from collections.abc import Mapping
from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from services.policy.domain.explanation import phrases
from services.policy.domain.explanation.reasons import Step, Telling
from services.policy.domain.instruments.effective_policy import Stretches
from services.policy.domain.resolution.conflicts import clashes
from services.policy.domain.resolution.merge import sited
from services.policy.domain.resolution.working_hours import clock, office_day, week
from services.policy.domain.snapshot import Asked, PolicySnapshot
from shared.domain.facts.policy import GRANTED_DAY, Conflict, Period, Said
from shared.domain.facts.rules import Place, Presence, Rules
from shared.domain.work_location import WEEKDAYS, Verdict, Where, home_share, verdict


class Hours(BaseModel):
    """The office's hours on the date asked for, local, if it is one of its working days; `week` without breaks."""

    start: str
    end: str
    break_minutes: int
    week: float


class Answer(BaseModel):
    """Where somebody works on a date under the rules in force, and why; `reason` is of `because` what decides."""

    model_config = ConfigDict(serialize_by_alias=True)

    region: str
    opd: str
    date: date
    class_: str = Field(serialization_alias="class")
    answer: Where
    max_share: float | None
    hours: Hours | None
    presence: Presence | None
    places: tuple[Place, ...]
    won_by: Mapping[str, str]
    conflicts: tuple[Conflict, ...]
    reason: Said = Field(exclude=True)
    because: Said
    chain: tuple[Step, ...]


def answer(books: PolicySnapshot, asked: Asked, stretches: Stretches | None = None) -> Answer:
    """The answer for one date; `stretches` are those of the OPD, where the caller has resolved them already."""
    found = books.effective().stretches(asked.opd) if stretches is None else stretches
    there = next((s for s in found if s[0].from_ <= asked.day <= (s[0].to or asked.day)), None)
    period, ranked = sited(there, asked.who.site) if there else (None, ())
    rules = period.rules if period else Rules()
    holiday = next((h for h in books.holidays if h.date == asked.day), None)
    decided = verdict(rules, asked.day, asked.who, holiday=holiday is not None, approved=asked.approved)
    clashing = tuple(clashes(period, ranked)) if period else ()
    told = Telling(books, asked, rules, period, ranked, holiday, decided, clashing)
    return Answer(
        region=books.region,
        opd=asked.opd,
        date=asked.day,
        class_=asked.who.class_,
        answer=decided.where,
        max_share=_share(rules, decided),
        hours=_hours(rules, asked.day),
        presence=rules.presence,
        places=rules.places,
        won_by=_won_by(period) | told.decisive(),
        conflicts=clashing,
        reason=phrases.joined(list(told.because())),
        because=phrases.joined([told.outcome(), *told.because(), *told.notes()]),
        chain=tuple(told.chain()),
    )


def _won_by(period: Period | None) -> dict[str, str]:
    won = period.won_by.items() if period else ()
    return {rule: winner.instrument for rule, winner in won if not rule.startswith(GRANTED_DAY)}


def _share(rules: Rules, decided: Verdict) -> float | None:
    """The greatest share at home on the date: none where the head or an approval decides."""
    shares: Mapping[Where, float] = {"WFH": 1.0, "MAX_SHARE": home_share(rules), "WFO": 0.0, "HOLIDAY": 0.0}
    return shares.get(decided.where)


def _hours(rules: Rules, day: date) -> Hours | None:
    weekday = WEEKDAYS[day.weekday()]
    if not rules.hours or weekday not in rules.hours.work_days:
        return None
    today = office_day(rules.hours, weekday)
    return Hours(start=clock(today.start), end=clock(today.end), break_minutes=today.rest, week=week(rules.hours))
