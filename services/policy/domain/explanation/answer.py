"""Answers where somebody works on a date, with the reasons and the chain of rules that led to the answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel

from services.policy.domain.explanation.reasons import ChainedRule, Explanation
from services.policy.domain.resolution.conflicts import conflicts_in_period
from services.policy.domain.resolution.periods import ResolvedPeriod, at_site
from services.policy.domain.resolution.working_hours import clock_time, office_day, weekly_hours
from services.policy.domain.snapshot import PolicyQuery, PolicySnapshot
from shared.domain.facts.policy import GRANTED_DAY_PREFIX, Conflict, Period
from shared.domain.facts.rules import WEEKDAYS, AllowedPlace, Presence, Rules
from shared.domain.messages import Text, join
from shared.domain.work_location import Location, WorkLocation, max_home_share, work_location


class OfficeHours(BaseModel):
    """Office hours of the queried date in local time, as `HH:MM`; `week`: weekly hours without breaks."""

    start: str
    end: str
    break_minutes: int
    week: float


@dataclass(frozen=True)
class Answer:
    """Where somebody works on a date under the rules in force, and why.

    `because` explains the answer: outcome, deciding reasons and notes. `reason` holds only its deciding reasons.
    """

    region: str
    opd: str
    date: date
    class_: str
    answer: Location
    max_share: float | None
    hours: OfficeHours | None
    presence: Presence | None
    places: tuple[AllowedPlace, ...]
    won_by: Mapping[str, str]
    conflicts: tuple[Conflict, ...]
    reason: Text
    because: Text
    chain: tuple[ChainedRule, ...]


def answer(
    snapshot: PolicySnapshot, query: PolicyQuery, resolved_periods: Sequence[ResolvedPeriod] | None = None
) -> Answer:
    """Return the answer for one date. Pass `resolved_periods` of the OPD to avoid resolving them again."""
    periods = snapshot.effective().periods_of(query.opd) if resolved_periods is None else resolved_periods
    current = next((p for p in periods if p[0].includes(query.day)), None)
    period, ranked = at_site(current, query.who.site) if current else (None, ())
    rules = period.rules if period else Rules()
    holiday = next((h for h in snapshot.holidays if h.date == query.day), None)
    decision = work_location(rules, query.day, query.who, holiday=holiday is not None, approved=query.approved)
    conflicts = tuple(conflicts_in_period(period, ranked)) if period else ()
    explanation = Explanation(snapshot, query, rules, period, ranked, holiday, decision, conflicts)
    return Answer(
        region=snapshot.region,
        opd=query.opd,
        date=query.day,
        class_=query.who.class_,
        answer=decision.location,
        max_share=_max_home_share(rules, decision),
        hours=_office_hours(rules, query.day),
        presence=rules.presence,
        places=rules.places,
        # The right side replaces the winner of a rule by the instrument that decides for this person and date.
        won_by=_source_ids(period) | explanation.deciding_sources(),
        conflicts=conflicts,
        reason=join(explanation.deciding_reasons(), " "),
        because=join([explanation.outcome(), *explanation.deciding_reasons(), *explanation.notes()], " "),
        chain=tuple(explanation.steps()),
    )


def _source_ids(period: Period | None) -> dict[str, str]:
    """Return the id of the winning instrument by rule; the entries of granted weekdays are internal and left out."""
    winners = period.won_by.items() if period else ()
    return {rule: winner.instrument for rule, winner in winners if not rule.startswith(GRANTED_DAY_PREFIX)}


def _max_home_share(rules: Rules, decision: WorkLocation) -> float | None:
    """Return the greatest share of staff at home on the date; None if the head of the unit or an approval decides."""
    shares: Mapping[Location, float] = {"WFH": 1.0, "MAX_SHARE": max_home_share(rules), "WFO": 0.0, "HOLIDAY": 0.0}
    return shares.get(decision.location)


def _office_hours(rules: Rules, day: date) -> OfficeHours | None:
    weekday = WEEKDAYS[day.weekday()]
    if not rules.hours or weekday not in rules.hours.work_days:
        return None
    office = office_day(rules.hours, weekday)
    return OfficeHours(
        start=clock_time(office.start),
        end=clock_time(office.end),
        break_minutes=office.break_minutes,
        week=weekly_hours(rules.hours),
    )
