"""Computes the rules that are effective for each OPD of a region, and the events that publish them. Pure."""

from collections.abc import Iterable, Sequence

from services.policy.domain.instruments.in_force import bindings
from services.policy.domain.instruments.lifecycle import Instruments, all_grants
from services.policy.domain.resolution.binding import Binding, DayGrantPeriod
from services.policy.domain.resolution.conflicts import conflicts
from services.policy.domain.resolution.periods import ResolvedPeriod, merge_adjacent, resolve_periods
from shared.domain.facts.policy import Change, Holiday, OpdOpened, PolicyChanged

ANY_OPD = "*"
"""An OPD that no instrument is addressed to: only the instruments for all OPD bind it."""


class EffectivePolicy:
    """The effective rules of every OPD of a region. OPD with the same bindings and grants are resolved once."""

    def __init__(self, instruments: Instruments, holidays: Iterable[Holiday]) -> None:
        self.holidays = tuple(sorted(holidays, key=lambda holiday: holiday.date))
        self._bindings = bindings(instruments)
        self._grants = all_grants(instruments)
        self._resolved: dict[tuple[tuple[int, ...], tuple[DayGrantPeriod, ...]], Sequence[ResolvedPeriod]] = {}

    def periods_of(self, opd: str) -> Sequence[ResolvedPeriod]:
        """Return the resolved periods of one OPD, in the order of dates."""
        indexes = tuple(index for index, binding in enumerate(self._bindings) if _binds(binding, opd))
        grants = tuple(g for g in self._grants if g.opd == opd)
        key = (indexes, grants)
        if key not in self._resolved:
            self._resolved[key] = tuple(resolve_periods([self._bindings[index] for index in indexes], grants))
        return self._resolved[key]

    def policy_changed_events(
        self, opd: OpdOpened, changes: Sequence[Change], before: PolicyChanged | None = None
    ) -> list[PolicyChanged]:
        """Return one event for each change; revisions continue after the last published one (`before`)."""
        resolved = self.periods_of(opd.opd)
        # Every event of one decision states the policy after all of its changes.
        first, periods = before.revision + 1 if before else 1, merge_adjacent(period for period, _ in resolved)
        return [
            PolicyChanged(
                region=opd.region,
                opd=opd.opd,
                change=change,
                revision=revision,
                periods=periods,
                holidays=self.holidays,
                conflicts=conflicts(resolved),
            )
            for revision, change in enumerate(changes, first)
        ]


def _binds(binding: Binding, opd: str) -> bool:
    return not binding.instrument.opds or opd in binding.instrument.opds
