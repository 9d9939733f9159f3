"""An answer in words: the outcome, the rule that decides it, what else must be known, and the whole chain. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from pydantic import BaseModel

from services.policy.domain.explanation import phrases
from services.policy.domain.explanation.clauses import clauses, outside
from services.policy.domain.explanation.labels import OUTCOMES, STATES
from services.policy.domain.explanation.phrases import said
from services.policy.domain.instruments.lifecycle import NEVER, state_on, superseded
from services.policy.domain.resolution.binding import LAYERS, Ranked
from services.policy.domain.snapshot import Asked, PolicySnapshot
from shared.domain.facts.policy import Conflict, Holiday, Period, Said
from shared.domain.facts.rules import Approval, Rules
from shared.domain.work_location import WEEKDAYS, Verdict, offers


class Step(BaseModel):
    """One rule of the chain: what it says, who gave it, and whether it decides the answer."""

    rule: str
    instrument: str | None
    binds: bool
    says: Said


@dataclass(frozen=True)
class Telling:
    """An answer in words."""

    books: PolicySnapshot
    asked: Asked
    rules: Rules
    period: Period | None
    ranked: Ranked
    holiday: Holiday | None
    decided: Verdict
    clashing: Sequence[Conflict]

    def giver(self, rule: str) -> str | None:
        """The id of the instrument that gave a rule; the one that decides it, where several fill it."""
        won = self.period.won_by.get(rule) if self.period else None
        return self.decisive().get(rule) or (won.instrument if won else None)

    def by(self, rule: str) -> str:
        """The title of the instrument that gave a rule."""
        won = self.period.won_by.get(rule) if self.period else None
        return self.books.title(won.instrument) if won else "Piket"

    def granted(self) -> Mapping[str, str]:
        """The weekdays of the pattern that another instrument granted, with its title."""
        days = self.period.granted() if self.period else {}
        return {day: self.books.title(won.instrument) for day, won in days.items()}

    def listed(self, rule: str) -> Iterator[tuple[Sequence[str], str]]:
        """The codes of a rule by the instrument that names them, each once, the most specific one first."""
        named: set[str] = set()
        for binding in reversed(self.ranked):
            codes = [code for code in getattr(binding.rules, rule) if code not in named]
            named |= set(codes)
            if codes:
                yield codes, binding.instrument.title

    def decisive(self) -> dict[str, str]:
        """The instrument that granted the weekday, and that names who is asked about, of the list that decides."""
        granted = self.period.granted().get(WEEKDAYS[self.asked.day.weekday()]) if self.period else None
        return ({"pattern": granted.instrument} if granted else {}) | self._naming()

    def _naming(self) -> dict[str, str]:
        rule, who = self.decided.rule, self.asked.who
        lists = {
            "excluded_classes": {who.class_},
            "excluded_units": who.kinds,
            "forced_on_site_positions": {who.position},
        }
        if rule not in lists:
            return {}
        naming = [b.instrument.instrument for b in self.ranked if lists[rule] & set(getattr(b.rules, rule))]
        return {rule: naming[-1]} if naming else {}

    def outcome(self) -> Said:
        """Where one works that day."""
        day, where = phrases.on(self.asked.day), OUTCOMES[self.decided.where]
        return said(f"{day[0]}: {where[0]}.", f"{day[1]}: {where[1]}.")

    def because(self) -> Iterator[Said]:
        """What decides it: the calendar, what was granted, or rules."""
        if self.decided.rule == "approvals":
            yield self._offer(offers(self.rules, self.asked.day)[0])
        elif self.decided.where == "HOLIDAY":
            yield phrases.holiday(self.holiday)
        elif self.decided == ("WFO", "pattern") and self.rules.pattern:
            yield outside(self.rules, self)
        else:
            first = ("pattern",) if self.decided.where == "MAX_SHARE" else ()
            deciding = dict.fromkeys((*first, self.decided.rule))
            found = [self._rules[rule] for rule in deciding if rule in self._rules]
            yield from found or [phrases.UNSAID[self.decided.rule]]

    @cached_property
    def _rules(self) -> Mapping[str, Said]:
        return dict(clauses(self.rules, self))

    def notes(self) -> Iterator[Said]:
        """What else must be known: who stays on site all the same, what may be granted, what is not in force yet."""
        if self.decided.where not in {"WFO", "HOLIDAY"}:
            if self.asked.who.class_ == "MIXED":
                yield said("Loket tetap dilayani di kantor.", "The counter stays on site.")
            cap = ("weekly_cap_days",) if self._counts() else ()
            told = ("forced_on_site_positions", *cap, *(("places",) if self.elsewhere else ()))
            yield from (self._rules[rule] for rule in told if rule in self._rules)
        if self.decided == ("WFO", "pattern"):
            yield from (self._offer(offer) for offer in offers(self.rules, self.asked.day))
            yield from self._waiting()

    def _counts(self) -> bool:
        """Whether the day counts against the weekly cap: what was granted need not."""
        granted = self.decided.rule == "approvals" and self.decided.where != "APPLICATION"
        return not granted or offers(self.rules, self.asked.day)[0].counts_against_weekly_cap

    @property
    def elsewhere(self) -> bool:
        """Whether the answer is about other places than home."""
        return self.decided.where in {"WFA", "APPLICATION"}

    def _waiting(self) -> Iterator[Said]:
        """Where nothing opens the day: the own government's instruments that do not bind."""
        ends = superseded(self.books.courses)
        for name, course in self.books.courses.items() if not self.rules.pattern else ():
            state = STATES.get(state_on(course, self.asked.day, ends.get(name, NEVER)))
            instrument = course.instrument
            if state and instrument.layer != LAYERS[0] and instrument.decided_on <= self.asked.day:
                yield said(f"{instrument.title} {state[0]}.", f"{instrument.title} {state[1]}.")

    def chain(self) -> Iterator[Step]:
        """Every rule that is set, in the order in which it may decide; what was granted; what could not both hold."""
        if self.holiday:
            yield self._step("calendar", phrases.holiday(self.holiday))
        for rule, text in self._rules.items():
            yield self._step(rule, text)
        for offer in self.rules.approvals:
            binds = self.decided.rule == "approvals"
            yield Step(rule="approvals", instrument=offer.instrument, binds=binds, says=self._offer(offer))
        for found in self.clashing:
            told = phrases.conflict(found, self.books.title)
            yield Step(rule=found.rule, instrument=found.instruments[0], binds=False, says=told)

    def _offer(self, offer: Approval) -> Said:
        return phrases.approval(offer, self.books.title(offer.instrument or ""))

    def _step(self, rule: str, text: Said) -> Step:
        return Step(rule=rule, instrument=self.giver(rule), binds=rule == self.decided.rule, says=text)
