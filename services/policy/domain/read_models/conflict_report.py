"""Where rules of a region meet that cannot both hold: on which dates, who wins and why, in words. Pure."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from services.policy.domain.explanation import nouns, phrases
from services.policy.domain.explanation.labels import CONTESTED, WHY
from services.policy.domain.instruments.effective_policy import ANY_OPD
from services.policy.domain.instruments.lifecycle import NEVER, grants
from services.policy.domain.resolution.conflicts import clashes
from services.policy.domain.resolution.merge import by_site
from services.policy.domain.snapshot import PolicySnapshot
from shared.domain.facts.policy import Conflict, Said


class Clash(NamedTuple):
    """Rules that cannot both hold, in words, and the dates on which they meet: until None if without end."""

    rule: Said
    titles: tuple[str, ...]
    winner: str
    why: Said
    first: date
    until: date | None
    now: bool


def opds(books: PolicySnapshot) -> Sequence[str]:
    """Those who may be bound by something of their own, after one who is not."""
    named = {opd for course in books.courses.values() for opd in course.instrument.opds}
    return [ANY_OPD, *sorted(named | {g.opd for g in grants(books.courses)})]


def met(books: PolicySnapshot, day: date) -> Sequence[Clash]:
    """The conflicts of any OPD that are not over on a date, each once, in the order of their dates."""
    effective, found = books.effective(), dict[Conflict, list[tuple[date, date]]]()
    for opd in opds(books):
        for period, ranked in by_site(effective.stretches(opd)):
            for clash in clashes(period, ranked):
                found.setdefault(clash, []).append((period.from_, period.to or NEVER))
    told = [_told(books, clash, dates, day) for clash, dates in found.items() if max(d[1] for d in dates) >= day]
    return sorted(told, key=lambda c: (not c.now, c.first))


def _told(books: PolicySnapshot, found: Conflict, dates: Sequence[tuple[date, date]], day: date) -> Clash:
    code, _, winner = found.resolved_by.partition(":")
    why, last = WHY.get(code, (code, code)), max(d[1] for d in dates)
    rest = phrases.effect(found.effect)
    return Clash(
        nouns.capital(CONTESTED.get(found.rule, (found.rule, found.rule))),
        tuple(books.title(name) for name in found.instruments),
        books.title(winner),
        nouns.capital((f"{why[0]}{rest[0]}.", f"{why[1]}{rest[1]}.")),
        min(d[0] for d in dates),
        None if last == NEVER else last,
        any(first <= day <= until for first, until in dates),
    )
