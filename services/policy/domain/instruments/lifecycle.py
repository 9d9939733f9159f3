"""Folds the events of a region's instruments into one history per instrument, and returns its state on a date. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple

from services.policy.domain.resolution.binding import ONE_DAY, DayGrantPeriod
from shared.domain.facts.base import Fact
from shared.domain.facts.instruments import (
    Instrument,
    InstrumentAmended,
    InstrumentDaysApproved,
    InstrumentDeclined,
    InstrumentDrafted,
    InstrumentEnacted,
    InstrumentReached,
    InstrumentResumed,
    InstrumentRevoked,
    InstrumentScheduled,
    InstrumentSuspended,
    Recommendation,
)

OPEN_END = date.max
"""Stands for a date that is not set: the start of an undated instrument, or the end of a period without end."""


class Version(NamedTuple):
    """The content of an instrument from a date on."""

    instrument: Instrument
    first: date
    attested_by: str | None = None


class InactivePeriod(NamedTuple):
    """Dates on which an instrument does not bind, from `first` until `until`, which is not included.

    `state` is SUSPENDED or REVOKED.
    """

    first: date
    until: date
    state: str


@dataclass(frozen=True, slots=True)
class InstrumentHistory:
    """The recorded history of one instrument.

    `stage` is DRAFT, STUDY or ENACTED. `recorded_changes` holds every (state, date) that was recorded as reached.
    """

    stage: str
    versions: tuple[Version, ...]
    inactive_periods: tuple[InactivePeriod, ...] = ()
    grants: tuple[DayGrantPeriod, ...] = ()
    recorded_changes: tuple[tuple[str, date], ...] = ()

    @property
    def instrument(self) -> Instrument:
        """The content of the last version."""
        return self.versions[-1].instrument

    @property
    def first(self) -> date:
        """The first date on which it binds."""
        return self.versions[0].first

    @property
    def until(self) -> date:
        """The first date on which it no longer binds by its own content. Suspension and revocation are not counted."""
        # Shortened too late, it ends when that was recorded.
        return max(expiry_date(self.instrument), self.versions[-1].first)

    @property
    def open_inactive_period(self) -> InactivePeriod | None:
        """The suspension or revocation that has no end yet."""
        return next((period for period in self.inactive_periods if period.until == OPEN_END), None)


Instruments = Mapping[str, InstrumentHistory]
"""The instruments of a region by id, in the order of recording."""


@dataclass(frozen=True, slots=True)
class InstrumentsState:
    """The state of the stream `instruments/{region}`: its instruments, and the recommendations that it declined."""

    instruments: Instruments = field(default_factory=dict)
    declined: frozenset[Recommendation] = frozenset()


def evolve_instruments(state: InstrumentsState, fact: Fact) -> InstrumentsState:
    """Return the state after one more event. Unknown events change nothing."""
    if isinstance(fact, InstrumentDeclined):
        return replace(state, declined=state.declined | {fact.recommendation})
    return replace(state, instruments=apply_event(state.instruments, fact))


def expiry_date(instrument: Instrument) -> date:
    """Return the first date after the last day of an instrument; `OPEN_END` if it has no last day."""
    return instrument.effective_to + ONE_DAY if instrument.effective_to else OPEN_END


def apply_event(instruments: Instruments, fact: Fact) -> Instruments:  # noqa: PLR0911 - one for each event
    """Return the instruments after one more event. Unknown events change nothing."""
    match fact:
        case InstrumentDrafted(instrument=content, stage=stage):
            return {**instruments, content.instrument: InstrumentHistory(stage, (Version(content, OPEN_END),))}
        case InstrumentEnacted(instrument=content):
            return {**instruments, content.instrument: _enact(instruments.get(content.instrument), fact)}
        case InstrumentAmended(instrument=content, binds_from=first, published_attested_by=attested_by):
            history = instruments[content.instrument]
            # What was planned for this date or later is replaced.
            versions = (*(v for v in history.versions if v.first < first), Version(content, first, attested_by))
            return {**instruments, content.instrument: replace(history, versions=versions)}
        case InstrumentScheduled(instrument=name, effective_from=start, binds_from=first, published_attested_by=by):
            dated = instruments[name].instrument.model_copy(update={"effective_from": start})
            return {**instruments, name: replace(instruments[name], versions=(Version(dated, first, by),))}
        case InstrumentSuspended(instrument=name, binds_until=until):
            return {**instruments, name: _deactivate(instruments[name], until, "SUSPENDED")}
        case InstrumentRevoked(instrument=name, binds_until=until):
            return {**instruments, name: _deactivate(instruments[name], until, "REVOKED")}
        case InstrumentResumed(instrument=name, binds_from=first):
            return {**instruments, name: _reactivate(instruments[name], first)}
        case InstrumentDaysApproved(instrument=name):
            return {
                **instruments,
                name: replace(instruments[name], grants=(*instruments[name].grants, grant_from(fact))),
            }
        case InstrumentReached(instrument=name, state=state, on=on):
            changes = (*instruments[name].recorded_changes, (state, on))
            return {**instruments, name: replace(instruments[name], recorded_changes=changes)}
    return instruments


def _enact(before: InstrumentHistory | None, fact: InstrumentEnacted) -> InstrumentHistory:
    first = fact.binds_from or OPEN_END
    version = Version(fact.instrument, first, fact.published_attested_by)
    if before is None or before.stage != "ENACTED":
        return InstrumentHistory("ENACTED", (version,))
    # revoked before it began: it was never in force, and the new enactment replaces it completely
    if before.open_inactive_period and before.open_inactive_period.first <= before.first:
        return replace(before, versions=(version,), inactive_periods=())
    return _reactivate(before, first)


def _deactivate(history: InstrumentHistory, first: date, state: str) -> InstrumentHistory:
    # a revocation may fall into a suspension; the suspension then ends where the revocation begins
    shortened = (p if p.until < OPEN_END else p._replace(until=min(p.until, first)) for p in history.inactive_periods)
    periods = (*(p for p in shortened if p.first < p.until), InactivePeriod(first, OPEN_END, state))
    return replace(history, inactive_periods=periods)


def _reactivate(history: InstrumentHistory, first: date) -> InstrumentHistory:
    periods = (p if p.until < OPEN_END else p._replace(until=first) for p in history.inactive_periods)
    # A suspension that is resumed before it begins never was.
    return replace(history, inactive_periods=tuple(p for p in periods if p.first < p.until))


def grant_from(fact: InstrumentDaysApproved) -> DayGrantPeriod:
    """Return the dates on which an OPD has the optional days that were approved."""
    until = fact.effective_to + ONE_DAY if fact.effective_to else OPEN_END
    return DayGrantPeriod(fact.instrument, fact.applicant, fact.weekdays, fact.binds_from, until)


def all_grants(instruments: Instruments) -> list[DayGrantPeriod]:
    """Return the grants of all instruments."""
    return [grant for history in instruments.values() for grant in history.grants]


def state_on(history: InstrumentHistory, day: date, superseded_from: date = OPEN_END) -> str:
    """Return DRAFT, STUDY, ENACTED (not in force yet), IN_FORCE, SUSPENDED, SUPERSEDED, REVOKED or EXPIRED."""
    inactive = next((p for p in history.inactive_periods if p.first <= day < p.until), None)
    revoked = inactive is not None and inactive.state == "REVOKED"
    revoked_from = inactive.first if inactive and revoked else OPEN_END
    # what happened first counts: an instrument that expired or was revoked cannot be superseded afterwards
    if history.stage == "ENACTED" and superseded_from <= min(day, history.until, revoked_from):
        return "SUPERSEDED"
    if inactive and (revoked or day < history.until):
        return inactive.state
    if day < history.first:
        return history.stage
    return "IN_FORCE" if day < history.until else "EXPIRED"


def state_changes(history: InstrumentHistory, superseded_from: date = OPEN_END) -> list[tuple[date, str]]:
    """Return every state of an instrument with its first date, in order; the first state begins with its decision."""
    boundaries = {day for period in history.inactive_periods for day in (period.first, period.until)}
    boundaries |= {history.first, history.until, superseded_from}
    decided_on = history.versions[0].instrument.decided_on
    changes = [(decided_on, state_on(history, decided_on, superseded_from))]
    for day in sorted(boundaries - {OPEN_END}):
        state = state_on(history, day, superseded_from)
        if state != changes[-1][1]:
            changes.append((day, state))
    return changes
