"""Compares two rule timelines of an OPD: which dates have other rules after a change, and which rules. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict, Field

from services.policy.domain.resolution.binding import ONE_DAY
from shared.domain.facts.policy import Holiday, Period, period_on
from shared.domain.facts.rules import Rules


class RuleChange(BaseModel):
    """Dates, both included, with changed rules: each rule as (before, after); None where a rule is not set.

    `unit` is set if the change concerns only one unit of the OPD.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    opd: str
    unit: str | None = Field(None, exclude_if=lambda unit: unit is None)
    from_: date = Field(serialization_alias="from")
    to: date | None
    rules: Mapping[str, tuple[Any, Any]]


class RuleTimeline(Protocol):
    """The rules of an OPD by date, and the calendar: a `PolicyChanged` event or an `OpdTimeline`."""

    @property
    def periods(self) -> Sequence[Period]:
        """Periods with their rules, in the order of dates."""

    @property
    def holidays(self) -> Sequence[Holiday]:
        """Days without duty."""


def diff_timelines(opd: str, before: RuleTimeline | None, after: RuleTimeline) -> list[RuleChange]:
    """Return every range of dates whose rules differ, then every day whose holiday differs."""
    old_periods, old_holidays = (before.periods, before.holidays) if before else ((), ())
    days = sorted({holiday.date for holiday in (*old_holidays, *after.holidays)})
    names = ((day, _holiday_name(old_holidays, day), _holiday_name(after.holidays, day)) for day in days)
    changes = merge_equal_changes(_changed_dates(old_periods, after.periods))
    return [
        *(RuleChange(opd=opd, from_=first, to=last, rules=rules) for first, last, rules in changes),
        *(
            RuleChange(opd=opd, from_=day, to=day, rules={"holiday": (old, new)})
            for day, old, new in names
            if old != new
        ),
    ]


class ChangedDates(NamedTuple):
    """The first and the last date of a change (None: without end), and each changed rule as (before, after)."""

    first: date
    last: date | None
    rules: Mapping[str, tuple[Any, Any]]


def _changed_dates(before: Sequence[Period], after: Sequence[Period]) -> Iterator[ChangedDates]:
    cuts = sorted({day for p in (*before, *after) for day in (p.from_, p.to + ONE_DAY if p.to else date.max)})
    for first, until in pairwise(cuts):
        rules = _changed_rules(_rules_on(before, first), _rules_on(after, first))
        if rules:
            yield ChangedDates(first, None if until == date.max else until - ONE_DAY, rules)


def _changed_rules(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {rule: (old.get(rule), new.get(rule)) for rule in sorted({*old, *new}) if old.get(rule) != new.get(rule)}


def merge_equal_changes(changes: Iterable[ChangedDates]) -> Iterator[ChangedDates]:
    """Join ranges of dates that follow each other without a gap and change in the same way."""
    current: ChangedDates | None = None
    for change in changes:
        if current and current.last and current.last + ONE_DAY == change.first and current.rules == change.rules:
            current = current._replace(last=change.last)
            continue
        if current:
            yield current
        current = change
    if current:
        yield current


def _rules_on(periods: Sequence[Period], day: date) -> Mapping[str, Any]:
    """Return the rules of a date, and under `pilots` those of each site that has its own."""
    period = period_on(periods, day)
    pilots = {site: _rule_values(pilot.rules) for site, pilot in period.pilots.items()} if period else {}
    rules = _rule_values(period.rules) if period else {}
    return {**rules, "pilots": pilots} if pilots else rules


def _rule_values(rules: Rules) -> Mapping[str, Any]:
    return rules.model_dump(mode="json", exclude_defaults=True)


def _holiday_name(holidays: Sequence[Holiday], day: date) -> str | None:
    return next((h.name for h in holidays if h.date == day), None)
