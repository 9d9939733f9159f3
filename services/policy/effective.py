"""What the OPD of a region are told after a change: rules, calendar and conflicts, resolved once for all of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from services.policy.conflicts import conflicts
from services.policy.resolution import Binding, periods
from shared.facts.policy import (
    Change,
    Conflict,
    Holiday,
    InstrumentRevoked,
    OpdOpened,
    Period,
    PolicyChanged,
)


@dataclass(frozen=True, slots=True)
class Effective:
    """What binds every OPD of a region, by date."""

    periods: tuple[Period, ...]
    conflicts: tuple[Conflict, ...]
    holidays: tuple[Holiday, ...]

    def told(self, opd: OpdOpened, change: Change, before: PolicyChanged | None = None) -> PolicyChanged:
        """The fact for one OPD, after what it was told before."""
        return PolicyChanged(
            region=opd.region,
            opd=opd.opd,
            change=change,
            revision=before.revision + 1 if before else 1,
            periods=self.periods,
            holidays=self.holidays,
            conflicts=self.conflicts,
        )


def effective(bindings: Iterable[Binding], holidays: Iterable[Holiday]) -> Effective:
    """Resolve the instruments of a region, and lay its calendar beside them."""
    resolved = periods([b for b in bindings if b.first < b.until])
    return Effective(resolved, conflicts(resolved), tuple(sorted(holidays, key=lambda holiday: holiday.date)))


def enacted(binding: Binding) -> Change:
    """Why policy changed: an instrument binds."""
    return Change(
        kind="ENACTED",
        instrument=binding.instrument.instrument,
        decided_on=binding.instrument.decided_on,
        published_on=binding.instrument.published_on,
        published_attested_by=binding.attested_by,
        effective_from=binding.first,
    )


def revoked(fact: InstrumentRevoked) -> Change:
    """Why policy changed: an instrument no longer binds."""
    return Change(
        kind="REVOKED",
        instrument=fact.instrument,
        decided_on=fact.decided_on,
        published_on=fact.published_on,
        effective_from=fact.binds_until,
    )


def declared(days: Sequence[Holiday], today: date) -> Change:
    """Why policy changed: the calendar knows more days. It is no instrument, and known from its recording on."""
    first = min(holiday.date for holiday in days)
    return Change(kind="CALENDAR", instrument="kalender", decided_on=today, published_on=today, effective_from=first)
