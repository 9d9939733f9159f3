"""Previews what a shipped instrument would change if a region enacted it today; nothing is stored."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial, reduce
from typing import NamedTuple
from uuid import UUID

from services.policy.domain import decider
from services.policy.domain.calendar import CalendarState
from services.policy.domain.commands import DraftInstrument, EnactInstrument
from services.policy.domain.decider import State
from services.policy.domain.explanation import clauses, phrases
from services.policy.domain.instruments.effective_policy import ANY_OPD
from services.policy.domain.instruments.lifecycle import InstrumentsState, apply_event
from services.policy.domain.presets.replay import DRAFT_STAGES
from services.policy.domain.read_models.conflict_report import ConflictSummary, conflicts_from
from services.policy.domain.read_models.region_overview import LOCATION_LABELS
from services.policy.domain.resolution.working_hours import weekly_hours
from services.policy.domain.snapshot import PolicySnapshot
from shared.domain.decider import Context
from shared.domain.errors import Invalid
from shared.domain.facts.instruments import Instrument
from shared.domain.facts.policy import period_on
from shared.domain.facts.rules import Rules
from shared.domain.messages import Capitalized, LocalNumber, Message, Text
from shared.domain.regions import local_date
from shared.domain.work_location import ON_SITE_CLASSES, SERVICE_CLASSES, StaffProfile, max_home_share, work_location

HORIZON = timedelta(days=365)
"""The period from today in which dates are compared."""

NIL_ID_FACTORY = partial(UUID, int=0)
"""Placeholder for the id factory of a decision: a decision on an instrument creates no id."""


class AnswerChange(NamedTuple):
    """Dates on which one aspect of the answer changes in the same way: the service classes, and the dates.

    `days` is the number of dates; they lie between `first` and `last`, not always in sequence.
    """

    subject: Text
    days: int
    first: date
    last: date
    before: Text
    after: Text


@dataclass(frozen=True)
class EnactmentPreview:
    """The effect of an enactment: the changes by class and the new conflicts, or the errors that prevent it."""

    instrument: Instrument
    stage: str | None
    clauses: tuple[Text, ...]
    changes: Sequence[AnswerChange] = ()
    conflicts: Sequence[ConflictSummary] = ()
    errors: Sequence[Text] = ()


def available_presets(snapshot: PolicySnapshot, shipped: Mapping[str, Instrument]) -> Sequence[Instrument]:
    """Return the shipped instruments that a region may record and has not recorded: national ones and its own."""
    allowed = [i for i in shipped.values() if i.layer == "NATIONAL" or i.government == snapshot.region]
    return sorted((i for i in allowed if i.instrument not in snapshot.instruments), key=lambda i: i.published_on)


def recording_command(
    region: str, instrument: Instrument, attested_by: str | None = None
) -> EnactInstrument | DraftInstrument:
    """Return the command that records a shipped instrument: as a draft or a study if it is not a decree yet."""
    stage = DRAFT_STAGES.get(instrument.instrument)
    if stage:
        return DraftInstrument.model_validate({"region": region, "instrument": instrument, "stage": stage})
    return EnactInstrument(region=region, instrument=instrument, published_attested_by=attested_by)


def preview_enactment(snapshot: PolicySnapshot, instrument: Instrument, now: datetime) -> EnactmentPreview:
    """Decide the enactment in memory and compare the answers of every date until the horizon."""
    stage, rules = DRAFT_STAGES.get(instrument.instrument), instrument.rules
    preview = EnactmentPreview(instrument, stage, tuple(clauses.instrument_clauses(rules)))
    stream, today = f"instruments/{snapshot.region}", local_date(now, snapshot.region)
    states: dict[str, State] = {
        stream: InstrumentsState(snapshot.instruments),
        f"calendar/{snapshot.region}": CalendarState(tuple(snapshot.holidays)),
    }
    command = recording_command(snapshot.region, instrument)
    try:
        facts = decider.decide(command, states, Context(now, NIL_ID_FACTORY)).get(stream, ())
    except Invalid as invalid:
        return replace(preview, errors=[e.message for e in invalid.errors])
    after = replace(snapshot, instruments=reduce(apply_event, facts, snapshot.instruments))
    # Without the dates: a known conflict that begins or ends on another date is not new.
    existing = {(c.titles, c.rule) for c in conflicts_from(snapshot, today)}
    return replace(
        preview,
        changes=list(_changes(snapshot, after, today)),
        conflicts=[c for c in conflicts_from(after, today) if (c.titles, c.rule) not in existing],
    )


def _changes(before: PolicySnapshot, after: PolicySnapshot, today: date) -> Iterator[AnswerChange]:
    """Yield the changes by first date; classes that change in the same way on the same dates share one."""
    days = [today + timedelta(days=n) for n in range(HORIZON.days)]
    classes_of: dict[tuple[Text, Text, tuple[date, ...]], list[str]] = {}
    for class_ in SERVICE_CLASSES:
        for (old, new), dates in _changed_dates(before, after, class_, days).items():
            classes_of.setdefault((old, new, tuple(dates)), []).append(class_)
    for (old, new, changed), classes in sorted(classes_of.items(), key=lambda change: change[0][2][0]):
        yield AnswerChange(
            Capitalized(phrases.label_list(classes)),
            len(changed),
            changed[0],
            changed[-1],
            old,
            new,
        )


def _changed_dates(
    before: PolicySnapshot, after: PolicySnapshot, class_: str, days: Sequence[date]
) -> Mapping[tuple[Text, Text], Sequence[date]]:
    """Return, by old and new text of an aspect, the dates on which a class changes from the one to the other."""
    changed: dict[tuple[Text, Text], list[date]] = {}
    for day, olds, news in zip(days, _aspects(before, class_, days), _aspects(after, class_, days), strict=True):
        for old, new in zip(olds, news, strict=True):
            if old != new:
                changed.setdefault((old, new), []).append(day)
    return changed


def _aspects(snapshot: PolicySnapshot, class_: str, days: Sequence[date]) -> Iterator[tuple[Text, ...]]:
    """Yield the aspects of each date for a unit that no instrument names: location, weekly hours, weekly cap."""
    holidays = {h.date for h in snapshot.holidays}
    periods = [period for period, _ in snapshot.effective().periods_of(ANY_OPD)]
    for day in days:
        period = period_on(periods, day)
        rules = period.rules if period else Rules()
        decision = work_location(rules, day, StaffProfile(class_), holiday=day in holidays)
        aspects = (_location_text(rules, decision.location), _hours_text(rules))
        # The cap limits days at home; classes that are always on site have none.
        yield aspects if class_ in ON_SITE_CLASSES else (*aspects, _cap_text(rules))


def _location_text(rules: Rules, location: str) -> Text:
    share = phrases.percent(max_home_share(rules))
    return LOCATION_LABELS.get(location, Message("paling banyak {share} di rumah", share=share))


def _hours_text(rules: Rules) -> Text:
    if not rules.hours:
        return Message("tanpa jam kerja yang ditetapkan")
    # Rounded as it is displayed: hours that look the same are no change.
    hours = round(Decimal(str(weekly_hours(rules.hours))), 3)
    return Message("{hours} jam seminggu", hours=LocalNumber(float(hours)))


def _cap_text(rules: Rules) -> Text:
    n = rules.weekly_cap_days
    if n is None:
        return Message("tanpa batas hari seminggu")
    return Message("paling banyak {n} hari seminggu", n=n)
