"""Replays the shipped instruments through the decider: each is recorded on the day of its publication."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from functools import cache, reduce
from typing import NamedTuple
from uuid import UUID

from services.policy.domain import decider
from services.policy.domain.commands import DraftInstrument, EnactInstrument, InstrumentCommand, ScheduleInstrument
from services.policy.domain.presets.catalogue import presets
from services.policy.domain.reference_data.holidays import declaration_date, default_holidays
from services.policy.domain.snapshot import PolicySnapshot
from shared.domain.decider import Context
from shared.domain.errors import FieldError, raise_if_any
from shared.domain.facts.base import Fact
from shared.domain.facts.instruments import Instrument
from shared.domain.messages import Message
from shared.domain.regions import region_timezone

DRAFT_STAGES: Mapping[str, str] = {
    "bekasi-2025-study": "STUDY",
    "bandung-2023-study": "STUDY",
    "kab-bogor-2022-draft": "DRAFT",
}
"""The stage of instruments that are not decrees yet. All others are enacted."""

YEARS = range(2022, 2036)
RECORDED_AT = time(8)


class RecordedEvent(NamedTuple):
    """An event of a region's instruments, with the instant when it was recorded."""

    recorded_at: datetime
    event: Fact


def replay_presets(region: str, effective_dates: Mapping[str, date] | None = None) -> Sequence[RecordedEvent]:
    """Return the events of a region by date.

    `effective_dates` sets the effective date, by id, of instruments that are enacted without one.
    """
    state, events = decider.initial, list[RecordedEvent]()
    for day, command in preset_commands(region, effective_dates):
        now = _recording_time(day, region)
        # No stream of an OPD: the region has none here, so no policy changes are decided.
        states = {f"instruments/{region}": state, f"calendar/{region}": decider.initial}
        decided = decider.decide(command, states, Context(now, unexpected_id)).get(f"instruments/{region}", ())
        state = reduce(decider.evolve, decided, state)
        events += [RecordedEvent(now, fact) for fact in decided]
    return events


def preset_commands(
    region: str, effective_dates: Mapping[str, date] | None = None
) -> list[tuple[date, InstrumentCommand]]:
    """Return the commands that record the presets of a region, by date.

    Raise `Invalid` if `effective_dates` names an instrument that is not a preset of the region.
    """
    names = {i.instrument for i in _presets_of(region)}
    raise_if_any(
        FieldError(f"/{name}", Message("{name} bukan contoh untuk wilayah {region}.", name=name, region=region))
        for name in effective_dates or {}
        if name not in names
    )
    # By date only: commands cannot be compared, and those of one date keep the order of their files.
    return sorted(_commands(region, effective_dates or {}), key=lambda dated: dated[0])


def reference_snapshot(
    region: str, known_by: datetime | None = None, effective_dates: Mapping[str, date] | None = None
) -> PolicySnapshot:
    """Return the snapshot of a region as it was known at an instant, or with all presets if none is given."""
    recorded = replay_presets(region, effective_dates)
    events = [entry.event for entry in recorded if known_by is None or entry.recorded_at <= known_by]
    days = [
        day
        for day in default_holidays(YEARS)
        if known_by is None or _recording_time(declaration_date(day), region) <= known_by
    ]
    state = decider.instruments_state(reduce(decider.evolve, events, decider.initial))
    return PolicySnapshot(region, state.instruments, days)


def _recording_time(day: date, region: str) -> datetime:
    return datetime.combine(day, RECORDED_AT, region_timezone(region))


def _commands(region: str, effective_dates: Mapping[str, date]) -> Iterator[tuple[date, InstrumentCommand]]:
    for instrument in _presets_of(region):
        yield instrument.published_on, _recording_command(region, instrument)
        if instrument.instrument in effective_dates:
            day = effective_dates[instrument.instrument]
            dates = dict.fromkeys(("decided_on", "published_on", "effective_from"), day)
            yield day, ScheduleInstrument(region=region, instrument=instrument.instrument, **dates)


def _recording_command(region: str, instrument: Instrument) -> InstrumentCommand:
    stage = DRAFT_STAGES.get(instrument.instrument)
    if stage:
        return DraftInstrument(region=region, instrument=instrument, stage=stage)
    return EnactInstrument(region=region, instrument=instrument)


@cache
def _all_presets() -> Mapping[str, Instrument]:
    return presets()


def _presets_of(region: str) -> Iterator[Instrument]:
    """Return the national instruments, which every region records for itself, and those of its own government."""
    return (i for i in _all_presets().values() if i.layer == "NATIONAL" or i.government == region)


def unexpected_id() -> UUID:
    """Fail: a decision on an instrument must not create an id."""
    raise AssertionError("a decision on an instrument created an id")
