"""Explains an answer: its outcome, the rule that decides it, notes, and the whole chain of rules."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from services.policy.domain.explanation import phrases
from services.policy.domain.explanation.clauses import outside_pattern, rule_clauses
from services.policy.domain.explanation.labels import NOT_BINDING_LABELS, OUTCOME_LABELS
from services.policy.domain.instruments.in_force import supersession_dates
from services.policy.domain.instruments.lifecycle import OPEN_END, state_on
from services.policy.domain.resolution.binding import LAYERS, ByPrecedence
from services.policy.domain.snapshot import PolicyQuery, PolicySnapshot
from shared.domain.facts.policy import Conflict, Holiday, Period
from shared.domain.facts.rules import WEEKDAYS, Approval, Rules
from shared.domain.messages import Message, Text, concatenate
from shared.domain.work_location import WorkLocation, approvals_on


@dataclass(frozen=True)
class ChainedRule:
    """One rule of the chain: its sentence, its source instrument, and whether it decides the answer."""

    rule: str
    instrument: str | None
    binds: bool
    says: Text


@dataclass(frozen=True)
class Explanation:
    """Explains one answer. It is the `Attribution` of the rules that apply to the queried person.

    `ranked` holds the bindings of the period, the most specific one last.
    """

    snapshot: PolicySnapshot
    query: PolicyQuery
    rules: Rules
    period: Period | None
    ranked: ByPrecedence
    holiday: Holiday | None
    decision: WorkLocation
    conflicts: Sequence[Conflict]

    def source_id(self, rule: str) -> str | None:
        """Return the id of a rule's source instrument: of a list that several fill, the one that decides the answer."""
        winner = self.period.won_by.get(rule) if self.period else None
        return self.deciding_sources().get(rule) or (winner.instrument if winner else None)

    def source_title(self, rule: str) -> str:
        """Return the title of the instrument that won a rule; `Piket` if the rule is a default of the program."""
        winner = self.period.won_by.get(rule) if self.period else None
        return self.snapshot.title(winner.instrument) if winner else "Piket"

    def granted_days(self) -> Mapping[str, str]:
        """Return the weekdays that another instrument added to the pattern, with its title."""
        days = self.period.granted_weekdays() if self.period else {}
        return {day: self.snapshot.title(winner.instrument) for day, winner in days.items()}

    def codes_by_source(self, rule: str) -> Iterator[tuple[Sequence[str], str]]:
        """Yield the codes of a list by instrument, the most specific instrument first; a code only at the first."""
        earlier: set[str] = set()
        for binding in reversed(self.ranked):
            codes = [code for code in getattr(binding.rules, rule) if code not in earlier]
            earlier |= set(codes)
            if codes:
                yield codes, binding.instrument.title

    def deciding_sources(self) -> dict[str, str]:
        """Return, by rule, the instrument that decides the answer if that is not the rule's winner.

        That is the instrument that granted the weekday, and the one that names the queried person in a list.
        """
        weekday = WEEKDAYS[self.query.day.weekday()]
        grant = self.period.granted_weekdays().get(weekday) if self.period else None
        return ({"pattern": grant.instrument} if grant else {}) | self._naming_source()

    def _naming_source(self) -> dict[str, str]:
        rule, profile = self.decision.rule, self.query.who
        lists = {
            "excluded_classes": {profile.class_},
            "excluded_units": profile.kinds,
            "forced_on_site_positions": {profile.position},
        }
        if rule not in lists:
            return {}
        sources = [b.instrument.instrument for b in self.ranked if lists[rule] & set(getattr(b.rules, rule))]
        # Several instruments may name the person: the most specific one decides.
        return {rule: sources[-1]} if sources else {}

    def outcome(self) -> Text:
        """Return the sentence that states where the person works on the date."""
        day, location = phrases.long_date(self.query.day), OUTCOME_LABELS[self.decision.location]
        return concatenate(day, ": ", location, ".")

    def deciding_reasons(self) -> Iterator[Text]:
        """Yield the sentences of what decides the answer: the calendar, an approval, or one or two rules."""
        if self.decision.rule == "approvals":
            yield self._approval_sentence(approvals_on(self.rules, self.query.day)[0])
        elif self.decision.location == "HOLIDAY":
            yield phrases.holiday_sentence(self.holiday)
        elif self.decision == ("WFO", "pattern") and self.rules.pattern:
            yield outside_pattern(self.rules, self)
        else:
            # A share is only clear together with the days of the pattern.
            first = ("pattern",) if self.decision.location == "MAX_SHARE" else ()
            deciding = dict.fromkeys((*first, self.decision.rule))
            sentences = [self._clauses[rule] for rule in deciding if rule in self._clauses]
            yield from sentences or [phrases.DEFAULT_REASONS[self.decision.rule]]

    # Cached, because reasons, notes and steps all use these sentences.
    @cached_property
    def _clauses(self) -> Mapping[str, Text]:
        return dict(rule_clauses(self.rules, self))

    def notes(self) -> Iterator[Text]:
        """Yield what else matters: who stays on site in any case, what may be approved, what is not in force yet."""
        if self.decision.location not in {"WFO", "HOLIDAY"}:
            if self.query.who.class_ == "MIXED":
                yield Message("Loket tetap dilayani di kantor.")
            cap = ("weekly_cap_days",) if self._counts_against_cap() else ()
            rules = ("forced_on_site_positions", *cap, *(("places",) if self._is_elsewhere else ()))
            yield from (self._clauses[rule] for rule in rules if rule in self._clauses)
        if self.decision == ("WFO", "pattern"):
            yield from (self._approval_sentence(offer) for offer in approvals_on(self.rules, self.query.day))
            yield from self._not_binding_yet()

    def _counts_against_cap(self) -> bool:
        """Return whether the day counts against the weekly cap: an approved day may be exempt."""
        is_approved_day = self.decision.rule == "approvals" and self.decision.location != "APPLICATION"
        return not is_approved_day or approvals_on(self.rules, self.query.day)[0].counts_against_weekly_cap

    @property
    def _is_elsewhere(self) -> bool:
        """Return whether the answer is about other places than home."""
        return self.decision.location in {"WFA", "APPLICATION"}

    def _not_binding_yet(self) -> Iterator[Text]:
        """Yield instruments below the national layer that do not bind yet, if no pattern is in force."""
        ends = supersession_dates(self.snapshot.instruments)
        for name, history in self.snapshot.instruments.items() if not self.rules.pattern else ():
            state = NOT_BINDING_LABELS.get(state_on(history, self.query.day, ends.get(name, OPEN_END)))
            instrument = history.instrument
            if state and instrument.layer != LAYERS[0] and instrument.decided_on <= self.query.day:
                yield concatenate(instrument.title, " ", state, ".")

    def steps(self) -> Iterator[ChainedRule]:
        """Yield the holiday, every rule that is set in the order of decision, the approvals, then the conflicts."""
        if self.holiday:
            yield self._step("calendar", phrases.holiday_sentence(self.holiday))
        for rule, text in self._clauses.items():
            yield self._step(rule, text)
        for offer in self.rules.approvals:
            binds = self.decision.rule == "approvals"
            sentence = self._approval_sentence(offer)
            yield ChainedRule(rule="approvals", instrument=offer.instrument, binds=binds, says=sentence)
        for conflict in self.conflicts:
            sentence = phrases.conflict_sentence(conflict, self.snapshot.title)
            yield ChainedRule(rule=conflict.rule, instrument=conflict.instruments[0], binds=False, says=sentence)

    def _approval_sentence(self, offer: Approval) -> Text:
        return phrases.approval_sentence(offer, self.snapshot.title(offer.instrument or ""))

    def _step(self, rule: str, text: Text) -> ChainedRule:
        return ChainedRule(rule=rule, instrument=self.source_id(rule), binds=rule == self.decision.rule, says=text)
