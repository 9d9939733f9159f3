"""Decides what happens to an enacted instrument: suspension, resumption, revocation, day grants, due dates. Pure."""

from collections.abc import Sequence
from datetime import date

from services.policy.domain.commands import (
    ApproveDays,
    DeclineRecommendation,
    RecordDue,
    ResumeInstrument,
    RevokeInstrument,
    SuspendInstrument,
)
from services.policy.domain.instruments.consistency import supersession_errors
from services.policy.domain.instruments.decision import (
    Decision,
    DecisionContext,
    affected_opds,
    ends_on,
    first_possible_date,
    is_revocation,
    no_longer_in_force,
    policy_change,
    require_enacted,
    transition_decision,
)
from services.policy.domain.instruments.in_force import supersession_dates
from services.policy.domain.instruments.lifecycle import (
    OPEN_END,
    InstrumentHistory,
    Instruments,
    grant_from,
    state_changes,
)
from services.policy.domain.resolution.binding import DayGrantPeriod
from shared.domain.errors import Invalid, raise_if_any
from shared.domain.facts.instruments import (
    InstrumentDaysApproved,
    InstrumentDeclined,
    InstrumentReached,
    InstrumentResumed,
    InstrumentRevoked,
    InstrumentSuspended,
)
from shared.domain.messages import Message

STATES_BEFORE_FORCE = frozenset({"DRAFT", "STUDY", "ENACTED"})
"""States that are not recorded when their date is reached: the decision itself is recorded."""


def suspend(command: SuspendInstrument, context: DecisionContext) -> Sequence[Decision]:
    """Suspend an enacted instrument from the later of its effective date and today.

    Return `[]` if it is inactive by then. Raise `Invalid` if its revocation is recorded for a later date.
    """
    before = require_enacted(command.instrument, context)
    until = first_possible_date(command, context.today)
    inactive = before.open_inactive_period
    # An earlier date is no repeat: a recorded suspension can be brought forward.
    if until >= min(before.until, inactive.first if inactive else OPEN_END):
        return []
    if inactive and is_revocation(inactive):
        raise Invalid(
            "/instrument",
            Message(
                "Instrumen {instrument} dicabut mulai {first}; majukan pencabutannya.",
                instrument=command.instrument,
                first=inactive.first,
            ),
        )
    fact = InstrumentSuspended(**command.model_dump(), binds_until=until)
    return [transition_decision(command, fact, context, "SUSPENDED", until)]


def resume(command: ResumeInstrument, context: DecisionContext) -> Sequence[Decision]:
    """Resume a suspended instrument.

    Raise `Invalid` if it is not suspended, or if what it supersedes has another successor by now.
    """
    before = require_enacted(command.instrument, context)
    inactive = before.open_inactive_period
    if inactive is None or is_revocation(inactive):
        raise Invalid(
            "/instrument", Message("Instrumen {instrument} tidak sedang ditangguhkan.", instrument=command.instrument)
        )
    raise_if_any(supersession_errors(before.instrument, context.instruments))
    first = max(first_possible_date(command, context.today), inactive.first)
    fact = InstrumentResumed(**command.model_dump(), binds_from=first)
    return [transition_decision(command, fact, context, "RESUMED", first)]


def revoke(command: RevokeInstrument, context: DecisionContext) -> Sequence[Decision]:
    """Revoke an enacted instrument from the later of its effective date and today; `[]` if it has ended by then."""
    before = require_enacted(command.instrument, context)
    until = first_possible_date(command, context.today)
    inactive = before.open_inactive_period
    # An earlier date is no repeat: a recorded revocation can be brought forward.
    if until >= min(before.until, inactive.first if inactive and is_revocation(inactive) else OPEN_END):
        return []
    fact = InstrumentRevoked(**command.model_dump(), binds_until=until)
    return [transition_decision(command, fact, context, "REVOKED", until)]


def approve(command: ApproveDays, context: DecisionContext) -> Sequence[Decision]:
    """Grant an OPD optional weekdays; `[]` if it has them already. Raise `Invalid` for days that are not offered."""
    history = require_enacted(command.instrument, context)
    offered = {day for a in history.instrument.rules.approvals if a.kind == "OPD_DAYS" for day in a.weekdays}
    if not set(command.weekdays) <= offered:
        raise Invalid(
            "/weekdays",
            Message(
                "{instrument} tidak menawarkan hari {weekdays} atas permohonan OPD.",
                instrument=command.instrument,
                weekdays=", ".join(command.weekdays),
            ),
        )
    if command.opd not in context.register:
        raise Invalid("/opd", Message("OPD {opd} belum terdaftar.", opd=command.opd))
    fields = command.model_dump()
    fact = InstrumentDaysApproved(
        applicant=fields.pop("opd"), **fields, binds_from=first_possible_date(command, context.today)
    )
    if any(_covers(grant, grant_from(fact)) for grant in history.grants):
        return []
    # A suspension does not count: days approved meanwhile count once it is over.
    last = min(history.until, ends_on(command.instrument, context))
    if fact.binds_from >= last:
        raise no_longer_in_force(command.instrument, last)
    # Only the applicant gets other rules.
    return [transition_decision(command, fact, context, "APPROVED", fact.binds_from)._replace(opds=(command.opd,))]


def _covers(grant: DayGrantPeriod, request: DayGrantPeriod) -> bool:
    same_days = grant.opd == request.opd and set(request.weekdays) <= set(grant.weekdays)
    return same_days and grant.first <= request.first and request.until <= grant.until


def decline(command: DeclineRecommendation, context: DecisionContext) -> Sequence[Decision]:
    """Record that a recommendation of another government is declined; no rule changes. `[]` if it is recorded."""
    if command.recommendation in context.declined:
        return []
    return [Decision(InstrumentDeclined(**command.model_dump()))]


def record_due(command: RecordDue, context: DecisionContext) -> Sequence[Decision]:
    """Record every change of state whose date is reached and that is not recorded yet."""
    return [
        Decision(
            InstrumentReached(region=command.region, instrument=name, state=state, on=on),
            policy_change(
                context.instruments[name].instrument, state, on, context.instruments[name].versions[-1].attested_by
            ),
            affected_opds(context.instruments, context.instruments[name].instrument),
        )
        for on, name, state in due_changes(context.instruments, context.today)
    ]


def due_changes(instruments: Instruments, today: date) -> list[tuple[date, str, str]]:
    """Return (date, instrument, state) of every change of state until today that is not recorded yet, sorted."""
    ends = supersession_dates(instruments)
    return sorted(
        (on, name, state)
        for name, history in instruments.items()
        for on, state in dated_changes(history, ends.get(name, OPEN_END))
        if on <= today and (state, on) not in history.recorded_changes
    )


def dated_changes(history: InstrumentHistory, superseded_from: date) -> list[tuple[date, str]]:
    """Return the dates on which an instrument comes into force, is amended, or is no longer in force."""
    changes = [
        (day, state) for day, state in state_changes(history, superseded_from) if state not in STATES_BEFORE_FORCE
    ]
    return [*changes, *((version.first, "AMENDED") for version in history.versions[1:])]
