"""What a change makes of an OPD's days: which dates have other rules after it, and which rules. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

from services.policy.domain.resolution.binding import DAY
from shared.domain.facts.policy import Holiday, Period
from shared.domain.facts.rules import Rules


class Differing(BaseModel):
    """Dates, both included, that have other rules; each rule as it was and as it is, absent where it is not set.

    `unit` where only one unit of the OPD is told otherwise.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    opd: str
    unit: str | None = Field(None, exclude_if=lambda unit: unit is None)
    from_: date = Field(serialization_alias="from")
    to: date | None
    rules: Mapping[str, tuple[Any, Any]]


class Told(Protocol):
    """What an OPD is told: its rules by date, and the calendar."""

    @property
    def periods(self) -> Sequence[Period]:
        """The rules by date."""

    @property
    def holidays(self) -> Sequence[Holiday]:
        """The days without duty."""


def differing(opd: str, before: Told | None, after: Told) -> list[Differing]:
    """Every stretch of dates on which an OPD is told other rules, or another holiday, than before."""
    was, own = (before.periods, before.holidays) if before else ((), ())
    days = sorted({holiday.date for holiday in (*own, *after.holidays)})
    names = ((day, _name(own, day), _name(after.holidays, day)) for day in days)
    return [
        *(Differing(opd=opd, from_=f, to=to, rules=rules) for f, to, rules in joined(_stretches(was, after.periods))),
        *(Differing(opd=opd, from_=day, to=day, rules={"holiday": (a, b)}) for day, a, b in names if a != b),
    ]


Stretch = tuple[date, date | None, Mapping[str, tuple[Any, Any]]]


def _stretches(before: Sequence[Period], after: Sequence[Period]) -> Iterator[Stretch]:
    cuts = sorted({day for p in (*before, *after) for day in (p.from_, p.to + DAY if p.to else date.max)})
    for first, until in pairwise(cuts):
        rules = _changed(_told(before, first), _told(after, first))
        if rules:
            yield first, None if until == date.max else until - DAY, rules


def _changed(was: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {rule: (was.get(rule), now.get(rule)) for rule in sorted({*was, *now}) if was.get(rule) != now.get(rule)}


def joined(stretches: Iterable[Stretch]) -> Iterator[Stretch]:
    """Neighbouring dates that change in the same way are told as one."""
    held: Stretch | None = None
    for first, last, rules in stretches:
        if held and held[1] and held[1] + DAY == first and held[2] == rules:
            held = (held[0], last, rules)
            continue
        if held:
            yield held
        held = (first, last, rules)
    if held:
        yield held


def _told(periods: Sequence[Period], day: date) -> Mapping[str, Any]:
    """The rules of a date, and under `pilots` those of the sites that have their own."""
    period = next((p for p in periods if p.from_ <= day <= (p.to or day)), None)
    pilots = {site: _dumped(pilot.rules) for site, pilot in period.pilots.items()} if period else {}
    rules = _dumped(period.rules) if period else {}
    return {**rules, "pilots": pilots} if pilots else rules


def _dumped(rules: Rules) -> Mapping[str, Any]:
    return rules.model_dump(mode="json", exclude_defaults=True)


def _name(holidays: Sequence[Holiday], day: date) -> str | None:
    return next((h.name for h in holidays if h.date == day), None)
