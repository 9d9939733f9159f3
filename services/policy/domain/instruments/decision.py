"""Defines the input and the output of a decision on an instrument, and guards that several decisions share. Pure."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from services.policy.domain.commands import (
    ApproveDays,
    ResumeInstrument,
    RevokeInstrument,
    ScheduleInstrument,
    SuspendInstrument,
    Transition,
)
from services.policy.domain.instruments.in_force import bindings, supersession_dates
from services.policy.domain.instruments.lifecycle import (
    OPEN_END,
    InactivePeriod,
    InstrumentHistory,
    Instruments,
)
from shared.domain.errors import Invalid
from shared.domain.facts.base import Fact
from shared.domain.facts.instruments import Instrument, Recommendation
from shared.domain.facts.policy import Change
from shared.domain.messages import Message

TransitionCommand = ScheduleInstrument | SuspendInstrument | ResumeInstrument | RevokeInstrument | ApproveDays


class Decision(NamedTuple):
    """An event to append, the reason of the policy change that it causes, if any, and the affected OPD (empty: all)."""

    fact: Fact
    change: Change | None = None
    opds: tuple[str, ...] = ()


@dataclass(frozen=True)
class DecisionContext:
    """Input of a decision: the recorded instruments, the codes of existing OPD, today, declined recommendations."""

    instruments: Instruments
    register: frozenset[str]
    today: date
    declined: frozenset[Recommendation] = frozenset()


def first_possible_date(transition: Transition, today: date) -> date:
    """Return the effective date of a decision, but not a date before its publication or before today."""
    # No retroactive breach: nobody can follow a rule that was not public or not recorded yet.
    return max(transition.effective_from, transition.published_on, today)


def require_enacted(name: str, context: DecisionContext) -> InstrumentHistory:
    """Return the history of an enacted instrument. Raise `Invalid` if it is not enacted."""
    history = context.instruments.get(name)
    if history is None or history.stage != "ENACTED":
        raise Invalid("/instrument", Message("Instrumen {name} belum ditetapkan di wilayah ini.", name=name))
    return history


def is_revocation(period: InactivePeriod | None) -> bool:
    """Return True if an inactive period is a revocation, False for a suspension or None."""
    return period is not None and period.state == "REVOKED"


def ends_on(name: str, context: DecisionContext) -> date:
    """Return the date from which an instrument is superseded or revoked. Its own last day does not count."""
    inactive = context.instruments[name].open_inactive_period
    return min(
        supersession_dates(context.instruments).get(name, OPEN_END),
        inactive.first if inactive and is_revocation(inactive) else OPEN_END,
    )


def no_longer_in_force(name: str, ended_on: date) -> Invalid:
    """Return the error for a decision on an instrument that no longer binds from a date on."""
    return Invalid(
        "/effective_from",
        Message("Instrumen {name} tidak berlaku lagi sejak {ended_on}.", name=name, ended_on=ended_on),
    )


def affected_opds(instruments: Instruments, *contents: Instrument) -> tuple[str, ...]:
    """Return the OPD that instruments, or what these supersede, are addressed to; empty if one is for all OPD."""
    # An OPD that only a superseded instrument bound has other rules, too, when that one ends.
    superseded = [
        instruments[name].instrument for content in contents for name in content.supersedes if name in instruments
    ]
    addressees = [content.opds for content in (*contents, *superseded)]
    return tuple(dict.fromkeys(opd for opds in addressees for opd in opds)) if all(addressees) else ()


def policy_change(instrument: Instrument, kind: str, first: date, attested_by: str | None) -> Change:
    """Return the reason of a policy change that an instrument itself causes, with the dates of the instrument."""
    return Change(
        kind=kind,
        instrument=instrument.instrument,
        decided_on=instrument.decided_on,
        published_on=instrument.published_on,
        published_attested_by=attested_by,
        effective_from=first,
    )


def transition_decision(
    command: TransitionCommand, fact: Fact, context: DecisionContext, kind: str, first: date
) -> Decision:
    """Return an event of a later decision, and the reason of the policy change with the dates of that decision."""
    reason = Change(
        kind=kind,
        instrument=command.instrument,
        decided_on=command.decided_on,
        published_on=command.published_on,
        effective_from=first,
    )
    return Decision(
        fact, reason, affected_opds(context.instruments, context.instruments[command.instrument].instrument)
    )


def changes_for_new_opd(instruments: Instruments, opd: str, today: date) -> list[Change]:
    """Return a policy change for each instrument that binds a new OPD from today on, in the order of recording."""
    return [
        policy_change(b.instrument, "ENACTED", b.first, b.attested_by)
        for b in bindings(instruments)
        if max(b.first, today) < b.until and (not b.instrument.opds or opd in b.instrument.opds)
    ]
