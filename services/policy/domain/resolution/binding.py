"""Instruments and the dates and sites that each binds, and who goes before whom there. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from shared.domain.facts.policy import Instrument
from shared.domain.facts.rules import Rules

LAYERS = ("NATIONAL", "PROVINCE", "REGION", "OPD")
"""Most general first; a later one gives the pattern where both do (design 4-domain, resolution)."""

DAY = timedelta(days=1)
EVERY = "*"


@dataclass(frozen=True, slots=True)
class Binding:
    """An instrument and the dates on which it binds: from the first, until (not including) the second.

    `since` is when it came into force: an instrument that was suspended meanwhile is no younger for it.
    """

    instrument: Instrument
    first: date
    until: date
    attested_by: str | None = None
    since: date | None = None

    @property
    def in_force(self) -> date:
        """When it came into force."""
        return self.since or self.first

    @property
    def everywhere(self) -> date:
        """From when on it binds at every site: those that it names may begin before."""
        begins = self.instrument.effective_from if self.rules.sites else None
        return max(begins or self.first, self.first)

    @property
    def rules(self) -> Rules:
        """What the instrument sets."""
        return self.instrument.rules


class Granted(NamedTuple):
    """Optional weekdays of an instrument that an OPD was granted, on dates as of a binding."""

    instrument: str
    opd: str
    weekdays: tuple[str, ...]
    first: date
    until: date


class Span(NamedTuple):
    """Dates on which an instrument says something, from the first until (not including) the second; and where."""

    first: date
    until: date
    binding: Binding
    site: str = EVERY


Ranked = Sequence[Binding]
"""What binds on one day, in rising precedence."""


def spans_of(binding: Binding) -> Iterator[Span]:
    """Where and when an instrument says something: of a list of dates only on those, else on all of its own."""
    pattern = binding.rules.pattern
    for span in _phases(binding):
        if not pattern or not pattern.dates:
            yield span
            continue
        sites = (each for each in binding.rules.sites if span.site in {EVERY, each.site})
        for day in sorted({*pattern.dates, *(day for site in sites for day in site.dates)}):
            if span.first <= day < span.until:
                yield span._replace(first=day, until=day + DAY)


def _phases(binding: Binding) -> Iterator[Span]:
    """Each site that begins earlier, until all others follow."""
    begins = binding.everywhere
    pilots = (
        Span(max(site.from_, binding.first), min(begins, binding.until), binding, site.site)
        for site in binding.rules.sites
    )
    return (span for span in (*pilots, Span(begins, binding.until, binding)) if span.first < span.until)


def standing(there: Sequence[Span], site: str) -> Ranked:
    """What binds at a site, in rising precedence: a pilot takes the place of what it supersedes."""
    pilots = [span.binding.instrument for span in there if span.site == site != EVERY]
    gone = {name for pilot in pilots for name in pilot.supersedes}
    here = (span.binding for span in there if span.site in {EVERY, site})
    return sorted((b for b in here if b.instrument.instrument not in gone), key=rank)


def rank(binding: Binding) -> tuple[int, date, str]:
    """Who goes before whom: the more specific layer, within it the later in force."""
    return LAYERS.index(binding.instrument.layer), binding.in_force, binding.instrument.instrument
