"""Holds the instruments and the calendar of a region as they were known at an instant, and a query on them. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from services.policy.domain.instruments.effective_policy import EffectivePolicy
from services.policy.domain.instruments.lifecycle import Instruments
from services.policy.domain.reference_data.normalized_text import normalize
from services.policy.domain.resolution.periods import merge_adjacent
from shared.domain.facts.policy import Holiday, Period
from shared.domain.facts.rules import Rules
from shared.domain.work_location import StaffProfile


@dataclass(frozen=True)
class PolicySnapshot:
    """The instruments and the calendar of a region as they were known at an instant."""

    region: str
    instruments: Instruments
    holidays: Sequence[Holiday]

    def title(self, instrument: str) -> str:
        """Return the title of an instrument; its id if it is not recorded."""
        history = self.instruments.get(instrument)
        return history.instrument.title if history else instrument

    def positions(self) -> frozenset[str]:
        """Return the positions that any instrument of the region keeps on site."""
        return frozenset(name for rules in self._rules() for name in rules.forced_on_site_positions)

    def canonical_site(self, code: str) -> str:
        """Return a site as an instrument spells it: `GEDUNG_SATE` becomes `GEDUNG-SATE`; an unknown one unchanged."""
        named = {start.site for rules in self._rules() for start in rules.sites}
        return code if code in named else {_site_name(site): site for site in named}.get(_site_name(code), code)

    def _rules(self) -> Iterator[Rules]:
        return (version.instrument.rules for history in self.instruments.values() for version in history.versions)

    def effective(self) -> EffectivePolicy:
        """Return the effective rules of the OPD of the region."""
        return EffectivePolicy(self.instruments, self.holidays)

    def timeline_of(self, opd: str) -> "OpdTimeline":
        """Return the rules of an OPD by date."""
        return OpdTimeline(
            merge_adjacent(period for period, _ in self.effective().periods_of(opd)), tuple(self.holidays)
        )


def _site_name(code: str) -> str:
    return normalize(code).replace(" ", "")


class OpdTimeline(NamedTuple):
    """The rules of one OPD by date, and the calendar. A `RuleTimeline`."""

    periods: Sequence[Period]
    holidays: Sequence[Holiday]


ANYBODY = StaffProfile()


@dataclass(frozen=True)
class PolicyQuery:
    """Who is asked about, and when. `approved`: an application that the rules allow was granted."""

    opd: str
    day: date
    who: StaffProfile = ANYBODY
    approved: bool = False
