"""Names the instruments to which the clauses of an explanation are attributed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from services.policy.domain.explanation.phrases import TitleLookup
from shared.domain.facts.policy import Period
from shared.domain.facts.rules import Rules


class Attribution(Protocol):
    """Names the source instrument of each rule."""

    def source_title(self, rule: str) -> str:
        """Return the title of the instrument that set a rule; empty if the reader knows it already."""

    def codes_by_source(self, rule: str) -> Iterable[tuple[Sequence[str], str]]:
        """Return the codes of a list that several instruments fill: the codes of each, with its title."""

    def granted_days(self) -> Mapping[str, str]:
        """Return the weekdays that another instrument added to the pattern, with the title of that instrument."""


class PeriodAttribution(NamedTuple):
    """Attributes each rule of a period to the instrument that won it, also a list that several instruments fill."""

    period: Period
    title_of: TitleLookup

    def source_title(self, rule: str) -> str:
        """Return the title of the instrument that won a rule; empty if none did."""
        winner = self.period.won_by.get(rule)
        return self.title_of(winner.instrument) if winner else ""

    def codes_by_source(self, rule: str) -> Iterable[tuple[Sequence[str], str]]:
        """Return all codes of a list with the title of the instrument that won it."""
        # A published period has only the winner of a list, not the bindings that fill it.
        return [(getattr(self.period.rules, rule), self.source_title(rule))]

    def granted_days(self) -> Mapping[str, str]:
        """Return the weekdays that another instrument added to the pattern, with its title."""
        return {day: self.title_of(winner.instrument) for day, winner in self.period.granted_weekdays().items()}


class NoAttribution(NamedTuple):
    """Attributes nothing: the rules are those of a single instrument, which the reader knows."""

    rules: Rules

    def source_title(self, _: str) -> str:
        """Return an empty title."""
        return ""

    def codes_by_source(self, rule: str) -> Iterable[tuple[Sequence[str], str]]:
        """Return the codes of a list without a title."""
        return [(getattr(self.rules, rule), "")]

    def granted_days(self) -> Mapping[str, str]:
        """Return an empty mapping: grants are no part of the instrument."""
        return {}
