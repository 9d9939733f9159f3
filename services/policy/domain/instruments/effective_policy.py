"""What each OPD of a region is told after a change: its rules, the calendar and the conflicts. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date

from services.policy.domain.instruments.lifecycle import Courses, bindings, grants
from services.policy.domain.resolution.binding import Binding, Granted
from services.policy.domain.resolution.conflicts import conflicts
from services.policy.domain.resolution.merge import Stretch, joined, stretches
from shared.domain.facts.policy import Change, Holiday, OpdOpened, PolicyChanged

ANY_OPD = "*"
"""An OPD that no instrument names: what binds it binds all of the region."""

Stretches = Sequence[Stretch]


class Effective:
    """What binds the OPD of a region by date. Those who are bound by the same are resolved once."""

    def __init__(self, courses: Courses, holidays: Iterable[Holiday]) -> None:
        self.holidays = tuple(sorted(holidays, key=lambda holiday: holiday.date))
        self._bindings = bindings(courses)
        self._grants = grants(courses)
        self._resolved: dict[tuple[tuple[int, ...], tuple[Granted, ...]], Stretches] = {}

    def stretches(self, opd: str) -> Stretches:
        """The periods of one OPD, each beside what binds in it."""
        own = [number for number, binding in enumerate(self._bindings) if _binds(binding, opd)]
        granted = tuple(g for g in self._grants if g.opd == opd)
        key = (tuple(own), granted)
        if key not in self._resolved:
            self._resolved[key] = tuple(stretches([self._bindings[number] for number in own], granted))
        return self._resolved[key]

    def told(
        self, opd: OpdOpened, changes: Sequence[Change], before: PolicyChanged | None = None
    ) -> list[PolicyChanged]:
        """The facts for one OPD, one for each change, after what it was told before."""
        found = self.stretches(opd.opd)
        first, periods = before.revision + 1 if before else 1, joined(period for period, _ in found)
        return [
            PolicyChanged(
                region=opd.region,
                opd=opd.opd,
                change=change,
                revision=revision,
                periods=periods,
                holidays=self.holidays,
                conflicts=conflicts(found),
            )
            for revision, change in enumerate(changes, first)
        ]


def _binds(binding: Binding, opd: str) -> bool:
    return not binding.instrument.opds or opd in binding.instrument.opds


def declared(days: Sequence[Holiday], today: date) -> Change:
    """Why policy changed: the calendar knows more days. It is no instrument, and known from its recording on."""
    first = min(holiday.date for holiday in days)
    return Change(kind="CALENDAR", instrument="kalender", decided_on=today, published_on=today, effective_from=first)
