"""What is on record of a region, and who is asked about. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from services.policy.domain.instruments.effective_policy import Effective
from services.policy.domain.instruments.lifecycle import Courses
from services.policy.domain.resolution.merge import joined
from shared.domain.facts.policy import Holiday, Period
from shared.domain.facts.rules import Rules
from shared.domain.work_location import Who


@dataclass(frozen=True)
class PolicySnapshot:
    """What is on record of a region: its instruments and its calendar."""

    region: str
    courses: Courses
    holidays: Sequence[Holiday]

    def title(self, instrument: str) -> str:
        """The title of an instrument; of one that is not on record its id."""
        course = self.courses.get(instrument)
        return course.instrument.title if course else instrument

    def positions(self) -> frozenset[str]:
        """The positions that an instrument of the region names."""
        return frozenset(name for rules in self._rules() for name in rules.forced_on_site_positions)

    def site(self, code: str) -> str:
        """A site as an instrument of the region spells it: `GEDUNG_SATE` is `GEDUNG-SATE`; any other as it is."""
        named = {start.site for rules in self._rules() for start in rules.sites}
        return code if code in named else {_plain(site): site for site in named}.get(_plain(code), code)

    def _rules(self) -> Iterator[Rules]:
        return (version.instrument.rules for course in self.courses.values() for version in course.versions)

    def effective(self) -> Effective:
        """What binds the OPD of the region."""
        return Effective(self.courses, self.holidays)

    def told(self, opd: str) -> "Rulebook":
        """What an OPD is told of them."""
        return Rulebook(joined(period for period, _ in self.effective().stretches(opd)), tuple(self.holidays))


def _plain(code: str) -> str:
    return code.upper().replace("-", "").replace("_", "")


class Rulebook(NamedTuple):
    """The rules of one OPD by date, and the calendar."""

    periods: Sequence[Period]
    holidays: Sequence[Holiday]


ANYBODY = Who()


@dataclass(frozen=True)
class Asked:
    """Who is asked about, and when. `approved`: what the rules offer on application was granted."""

    opd: str
    day: date
    who: Who = ANYBODY
    approved: bool = False
