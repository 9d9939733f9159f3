"""What a shipped instrument would change, if a region enacted it today: decided in memory and stored nowhere. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial, reduce
from typing import NamedTuple
from uuid import UUID

from services.policy.domain import decider
from services.policy.domain.commands import DraftInstrument, EnactInstrument
from services.policy.domain.decider import State
from services.policy.domain.explanation import clauses, nouns, phrases
from services.policy.domain.explanation.phrases import said
from services.policy.domain.instruments.effective_policy import ANY_OPD
from services.policy.domain.instruments.lifecycle import NEVER, recorded
from services.policy.domain.presets.replay import STAGES
from services.policy.domain.read_models.conflict_report import Clash, met
from services.policy.domain.read_models.region_overview import WHERE
from services.policy.domain.resolution.working_hours import week
from services.policy.domain.snapshot import PolicySnapshot
from shared.domain.decider import Context
from shared.domain.facts.base import Invalid
from shared.domain.facts.policy import Instrument, Said
from shared.domain.facts.rules import Rules
from shared.domain.regions import local_date
from shared.domain.work_location import CLASSES, ON_SITE_CLASSES, Who, home_share, verdict

HORIZON = timedelta(days=365)
"""How far ahead dates are compared."""

NO_ID = partial(UUID, int=0)
"""Deciding on an instrument makes no id."""

Lot = tuple[str, str]
"""What a date holds for somebody in one respect, in words: where, for how long, how often."""


class Shift(NamedTuple):
    """Dates of one class on which the answer would be another: how many, the first and the last."""

    who: Said
    days: int
    first: date
    last: date
    before: Said
    after: Said


@dataclass(frozen=True)
class Preview:
    """What would be: the dates that change by class, the new conflicts, or why it cannot be."""

    instrument: Instrument
    stage: str | None
    binds: tuple[Said, ...]
    shifts: Sequence[Shift] = ()
    clashes: Sequence[Clash] = ()
    faults: Sequence[Said] = ()


def fitting(books: PolicySnapshot, shipped: Mapping[str, Instrument]) -> Sequence[Instrument]:
    """The shipped instruments that this region may record and has not: national ones and its own government's."""
    own = [i for i in shipped.values() if i.layer == "NATIONAL" or i.government == books.region]
    return sorted((i for i in own if i.instrument not in books.courses), key=lambda i: i.published_on)


def recording(region: str, instrument: Instrument, attested_by: str | None = None) -> EnactInstrument | DraftInstrument:
    """The command that records a shipped instrument: what is no decree yet becomes a draft or a study."""
    stage = STAGES.get(instrument.instrument)
    if stage:
        return DraftInstrument.model_validate({"region": region, "instrument": instrument, "stage": stage})
    return EnactInstrument(region=region, instrument=instrument, published_attested_by=attested_by)


def preview(books: PolicySnapshot, instrument: Instrument, now: datetime) -> Preview:
    """Decide in memory, and compare every date of a year."""
    told = Preview(instrument, STAGES.get(instrument.instrument), tuple(clauses.of_itself(instrument.rules)))
    own, today = f"instruments/{books.region}", local_date(now, books.region)
    states = {own: State(courses=books.courses), f"calendar/{books.region}": State(holidays=tuple(books.holidays))}
    try:
        facts = decider.decide(recording(books.region, instrument), states, Context(now, NO_ID)).get(own, ())
    except Invalid as invalid:
        return replace(told, faults=[said(f.indonesian, f.english) for f in invalid.faults])
    after = replace(books, courses=reduce(recorded, facts, books.courses))
    known = {(c.titles, c.rule.id) for c in met(books, today)}
    return replace(
        told,
        shifts=list(_shifts(books, after, today)),
        clashes=[c for c in met(after, today) if (c.titles, c.rule.id) not in known],
    )


def _shifts(before: PolicySnapshot, after: PolicySnapshot, today: date) -> Iterator[Shift]:
    """The dates that change in the same way, classes that change alike together."""
    days = [today + timedelta(days=n) for n in range(HORIZON.days)]
    found: dict[tuple[Lot, Lot, tuple[date, ...]], list[str]] = {}
    for class_ in CLASSES:
        moved: dict[tuple[Lot, Lot], list[date]] = {}
        for day, was, will in zip(days, _lots(before, class_, days), _lots(after, class_, days), strict=True):
            for pair in zip(was, will, strict=True):
                if pair[0] != pair[1]:
                    moved.setdefault(pair, []).append(day)
        for (a, b), dates in moved.items():
            found.setdefault((a, b, tuple(dates)), []).append(class_)
    for (a, b, changed), classes in sorted(found.items(), key=lambda f: f[0][2][0]):
        yield Shift(nouns.capital(phrases.listed(classes)), len(changed), changed[0], changed[-1], said(*a), said(*b))


def _lots(books: PolicySnapshot, class_: str, days: Sequence[date]) -> Iterator[tuple[Lot, ...]]:
    """What each date holds for a unit of a class that no instrument names."""
    holidays = {h.date for h in books.holidays}
    periods = [period for period, _ in books.effective().stretches(ANY_OPD)]
    for day in days:
        rules = next((p.rules for p in periods if p.from_ <= day <= (p.to or NEVER)), Rules())
        place = _place(rules, verdict(rules, day, Who(class_), holiday=day in holidays).where)
        yield (place, _week(rules)) if class_ in ON_SITE_CLASSES else (place, _week(rules), _cap(rules))


def _place(rules: Rules, where: str) -> Lot:
    share = phrases.percent(home_share(rules))
    told = WHERE.get(where, said(f"paling banyak {share} di rumah", f"at most {share} at home"))
    return told.id.lower(), told.en.lower()


def _week(rules: Rules) -> Lot:
    if not rules.hours:
        return "tanpa jam kerja yang ditetapkan", "no working hours set"
    hours = phrases.number(week(rules.hours))
    return f"{hours[0]} jam seminggu", f"{hours[1]} hours a week"


def _cap(rules: Rules) -> Lot:
    n = rules.weekly_cap_days
    if n is None:
        return "tanpa batas hari seminggu", "no cap of days a week"
    return f"paling banyak {n} hari seminggu", f"at most {n} days a week"
