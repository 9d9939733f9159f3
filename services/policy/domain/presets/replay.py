"""The reference books: every shipped instrument recorded by a region on the day of its publication, by its decider."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from functools import cache, reduce
from typing import NamedTuple
from uuid import UUID

from services.policy.domain import decider
from services.policy.domain.commands import DraftInstrument, EnactInstrument, InstrumentCommand, ScheduleInstrument
from services.policy.domain.presets.catalogue import presets
from services.policy.domain.reference_data.holidays import declared, seeded
from services.policy.domain.snapshot import PolicySnapshot
from services.policy.domain.validation.rule_errors import raised
from shared.domain.decider import Context
from shared.domain.facts.base import Fact
from shared.domain.facts.policy import Instrument
from shared.domain.regions import zone

STAGES: Mapping[str, str] = {
    "bekasi-2025-study": "STUDY",
    "bandung-2023-study": "STUDY",
    "kab-bogor-2022-draft": "DRAFT",
}
"""What is no decree yet. The others are enacted."""

YEARS = range(2022, 2036)
RECORDED_AT = time(8)


class Recorded(NamedTuple):
    """A fact of a region's instruments, and when it was recorded."""

    at: datetime
    fact: Fact


def recorded(region: str, in_force: Mapping[str, date] | None = None) -> Sequence[Recorded]:
    """What a region has on record, in the order of the dates; `in_force` dates instruments enacted without one."""
    state, found = decider.initial, list[Recorded]()
    for day, command in commands(region, in_force):
        now = _at(day, region)
        states = {f"instruments/{region}": state, f"calendar/{region}": decider.initial}
        decided = decider.decide(command, states, Context(now, no_id)).get(f"instruments/{region}", ())
        state = reduce(decider.evolve, decided, state)
        found += [Recorded(now, fact) for fact in decided]
    return found


def commands(region: str, in_force: Mapping[str, date] | None = None) -> list[tuple[date, InstrumentCommand]]:
    """What a region records, each with its day, in the order of the days. Raises `Invalid` for no instrument of it."""
    own = {i.instrument for i in _own(region)}
    raised(
        (f"/{name}", f"{name} bukan contoh untuk wilayah {region}.", f"{name} is no example of region {region}.")
        for name in in_force or {}
        if name not in own
    )
    return sorted(_commands(region, in_force or {}), key=lambda planned: planned[0])


def books(region: str, known_by: datetime | None = None, in_force: Mapping[str, date] | None = None) -> PolicySnapshot:
    """A region's books as they were known at an instant; as they are known at last without one."""
    known = [each.fact for each in recorded(region, in_force) if known_by is None or each.at <= known_by]
    days = [day for day in seeded(YEARS) if known_by is None or _at(declared(day), region) <= known_by]
    return PolicySnapshot(region, reduce(decider.evolve, known, decider.initial).courses, days)


def _at(day: date, region: str) -> datetime:
    return datetime.combine(day, RECORDED_AT, zone(region))


def _commands(region: str, in_force: Mapping[str, date]) -> Iterator[tuple[date, InstrumentCommand]]:
    for instrument in _own(region):
        yield instrument.published_on, _recording(region, instrument)
        if instrument.instrument in in_force:
            day = in_force[instrument.instrument]
            dates = dict.fromkeys(("decided_on", "published_on", "effective_from"), day)
            yield day, ScheduleInstrument(region=region, instrument=instrument.instrument, **dates)


def _recording(region: str, instrument: Instrument) -> InstrumentCommand:
    stage = STAGES.get(instrument.instrument)
    if stage:
        return DraftInstrument(region=region, instrument=instrument, stage=stage)
    return EnactInstrument(region=region, instrument=instrument)


@cache
def _shipped() -> Mapping[str, Instrument]:
    return presets()


def _own(region: str) -> Iterator[Instrument]:
    """The national instruments, which every region records for itself, and those of its own government."""
    return (i for i in _shipped().values() if i.layer == "NATIONAL" or i.government == region)


def no_id() -> UUID:
    """What policy never asks for."""
    raise AssertionError("deciding on an instrument makes no id")
