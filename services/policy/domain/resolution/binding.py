"""Defines on which dates and at which sites an instrument binds, and which of several has precedence. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from shared.domain.facts.instruments import Instrument
from shared.domain.facts.rules import Rules

LAYERS = ("NATIONAL", "PROVINCE", "REGION", "OPD")
"""The most general first. If two layers have a pattern, the later one gives it."""

ONE_DAY = timedelta(days=1)
ALL_SITES = "*"
"""The site of a span that holds at every site."""


@dataclass(frozen=True, slots=True)
class Binding:
    """An instrument and the dates on which it binds: from `first` until `until`, which is not included.

    `instrument_start` is the date on which the instrument came into force, also if it was suspended since then and
    `first` is the date of its resumption.
    """

    instrument: Instrument
    first: date
    until: date
    attested_by: str | None = None
    instrument_start: date | None = None

    @property
    def in_force_from(self) -> date:
        """The date on which the instrument came into force."""
        return self.instrument_start or self.first

    @property
    def general_start(self) -> date:
        """The date from which it binds at every site. The sites that it names may begin earlier."""
        start = self.instrument.effective_from if self.rules.sites else None
        return max(start or self.first, self.first)

    @property
    def rules(self) -> Rules:
        """The rules of the instrument."""
        return self.instrument.rules


class DayGrantPeriod(NamedTuple):
    """Optional weekdays that an OPD was granted, from `first` until `until`, which is not included."""

    instrument: str
    opd: str
    weekdays: tuple[str, ...]
    first: date
    until: date


class BindingSpan(NamedTuple):
    """Dates on which the rules of a binding apply at a site, from `first` until `until`, which is not included."""

    first: date
    until: date
    binding: Binding
    site: str = ALL_SITES


ByPrecedence = Sequence[Binding]
"""The bindings of one day, the one with the highest precedence last."""


def binding_spans(binding: Binding) -> Iterator[BindingSpan]:
    """Yield the spans in which a binding applies: its whole duration, or single days if its pattern lists dates."""
    pattern = binding.rules.pattern
    for span in _phases(binding):
        if not pattern or not pattern.dates:
            yield span
            continue
        starts = (start for start in binding.rules.sites if span.site in {ALL_SITES, start.site})
        for day in sorted({*pattern.dates, *(day for start in starts for day in start.dates)}):
            if span.first <= day < span.until:
                yield span._replace(first=day, until=day + ONE_DAY)


def _phases(binding: Binding) -> Iterator[BindingSpan]:
    """Yield a span for each site that begins earlier, until the general start, then one span for all sites."""
    start = binding.general_start
    pilots = (
        BindingSpan(max(site.from_, binding.first), min(start, binding.until), binding, site.site)
        for site in binding.rules.sites
    )
    return (span for span in (*pilots, BindingSpan(start, binding.until, binding)) if span.first < span.until)


def bindings_at_site(spans: Sequence[BindingSpan], site: str) -> ByPrecedence:
    """Return the bindings at a site. A pilot replaces at its site what it supersedes everywhere only later."""
    pilots = [span.binding.instrument for span in spans if span.site == site != ALL_SITES]
    superseded = {name for pilot in pilots for name in pilot.supersedes}
    bindings = (span.binding for span in spans if span.site in {ALL_SITES, site})
    return sorted((b for b in bindings if b.instrument.instrument not in superseded), key=precedence)


def precedence(binding: Binding) -> tuple[int, date, str]:
    """Return a sort key: a more specific layer ranks higher; within a layer, the one that came into force later."""
    # The id decides between two of the same layer and date (SAME_DATE), so that the result is always the same.
    return LAYERS.index(binding.instrument.layer), binding.in_force_from, binding.instrument.instrument
