"""Decides how an instrument comes into force: draft, enactment, amendment, scheduling. Pure."""

from collections.abc import Sequence
from datetime import date

from services.policy.domain.commands import AmendInstrument, DraftInstrument, EnactInstrument, ScheduleInstrument
from services.policy.domain.instruments.consistency import consistency_errors, supersession_errors
from services.policy.domain.instruments.decision import (
    Decision,
    DecisionContext,
    affected_opds,
    ends_on,
    is_revocation,
    no_longer_in_force,
    policy_change,
    require_enacted,
    transition_decision,
)
from services.policy.domain.instruments.lifecycle import OPEN_END, InstrumentHistory, Version
from shared.domain.errors import Invalid, raise_if_any
from shared.domain.facts.instruments import (
    Instrument,
    InstrumentAmended,
    InstrumentDrafted,
    InstrumentEnacted,
    InstrumentScheduled,
)
from shared.domain.messages import Message

Publication = EnactInstrument | AmendInstrument | ScheduleInstrument
"""Commands with an attestation: a named office states that the instrument was public before it was recorded."""


def draft(command: DraftInstrument, context: DecisionContext) -> Sequence[Decision]:
    """Record a draft or study, or change it; `[]` if it is recorded as such. Raise `Invalid` if it is enacted."""
    content = command.instrument
    before = context.instruments.get(content.instrument)
    if before and before.stage == "ENACTED":
        raise Invalid(
            "/instrument/instrument",
            Message(
                "Instrumen {instrument} sudah ditetapkan dan tidak dapat menjadi rancangan lagi.",
                instrument=content.instrument,
            ),
        )
    if before and (before.stage, before.instrument) == (command.stage, content):
        return []
    return [Decision(InstrumentDrafted(region=command.region, instrument=content, stage=command.stage))]


def enact(command: EnactInstrument, context: DecisionContext) -> Sequence[Decision]:
    """Enact an instrument; it binds from its effective date, but not before it was published and recorded.

    Return `[]` if it is enacted with this content. Raise `Invalid` if it is enacted with other content.
    """
    instrument = command.instrument
    before = context.instruments.get(instrument.instrument)
    inactive = before.open_inactive_period if before else None
    if before and before.stage == "ENACTED" and instrument not in _enactable(before):
        raise _enacted_differently(instrument.instrument)
    if before and before.stage == "ENACTED" and not is_revocation(inactive):
        # A repeated request has the first content, or that of the last amendment.
        version = before.versions[-1 if instrument == before.instrument else 0]
        return _already_enacted(command, version, first_effective_date(instrument))
    raise_if_any(consistency_errors(instrument, context.instruments, context.register))
    first = _first_binding_date(command, first_effective_date(instrument), context.today)
    # a revoked instrument binds again from today on: an attestation cannot undo the revocation
    if inactive and first:
        first = max(first, inactive.first, context.today)
    attested_by = command.published_attested_by
    fact = InstrumentEnacted(
        region=command.region, instrument=instrument, binds_from=first, published_attested_by=attested_by
    )
    kind = "ADOPTED" if instrument.adopts else "ENACTED"
    reason = policy_change(instrument, kind, first, attested_by) if first else None
    return [Decision(fact, reason, affected_opds(context.instruments, instrument))]


def _enacted_differently(name: str) -> Invalid:
    return Invalid(
        "/instrument/instrument",
        Message("Instrumen {name} sudah ditetapkan dengan isi lain; beri nama baru untuk perubahannya.", name=name),
    )


def _enactable(before: InstrumentHistory) -> tuple[Instrument, ...]:
    """Return the content that is already enacted, with and without its date; of a revoked one the last version."""
    enacted = (
        (before.instrument,)
        if is_revocation(before.open_inactive_period)
        else (before.versions[0].instrument, before.instrument)
    )
    # An undated decree may be dated meanwhile; enacting it again without the date is still a repeat.
    return (*enacted, *(content.model_copy(update={"effective_from": None}) for content in enacted))


def amend(command: AmendInstrument, context: DecisionContext) -> Sequence[Decision]:
    """Change the content of an enacted instrument from a date on; `[]` if it has this content.

    Raise `Invalid` if the date is missing, the layer changes, or the instrument has ended by then.
    """
    content = command.instrument
    before = require_enacted(content.instrument, context)
    if before.instrument == content:
        return _already_enacted(command, before.versions[-1], content.effective_from)
    raise_if_any(consistency_errors(content, context.instruments, context.register))
    first = _first_binding_date(command, content.effective_from, context.today)
    if first is None or before.first == OPEN_END or content.layer != before.instrument.layer:
        raise Invalid(
            "/instrument/effective_from",
            Message("Perubahan memerlukan tanggal berlaku, pada instrumen yang sudah bertanggal dan berlapis sama."),
        )
    last = ends_on(content.instrument, context)
    # `before.until` itself is allowed: an amendment may extend it from the day after its last.
    if first >= last or first > before.until:
        raise no_longer_in_force(content.instrument, min(last, before.until))
    fact = InstrumentAmended(
        region=command.region,
        instrument=content,
        binds_from=first,
        published_attested_by=command.published_attested_by,
    )
    # The old content counts as well: an OPD that the amendment leaves out is affected.
    opds = affected_opds(context.instruments, before.instrument, content)
    return [Decision(fact, policy_change(content, "AMENDED", first, command.published_attested_by), opds)]


def schedule(command: ScheduleInstrument, context: DecisionContext) -> Sequence[Decision]:
    """Set the date from which an undated instrument binds; `[]` if it has it. Raise `Invalid` if it has another."""
    before = require_enacted(command.instrument, context)
    if before.first != OPEN_END:
        if before.instrument.effective_from == command.effective_from:
            return _already_enacted(command, before.versions[-1], first_effective_date(before.instrument))
        raise Invalid(
            "/effective_from",
            Message(
                "Instrumen {instrument} sudah mempunyai tanggal berlaku; ubah dengan instrumen perubahan.",
                instrument=command.instrument,
            ),
        )
    raise_if_any(supersession_errors(before.instrument, context.instruments))
    public_from = command.published_on if command.published_attested_by else max(command.published_on, context.today)
    first = first_effective_date(before.instrument.model_copy(update={"effective_from": command.effective_from}))
    fact = InstrumentScheduled(**command.model_dump(), binds_from=max(first or public_from, public_from))
    if fact.binds_from >= ends_on(command.instrument, context):
        raise no_longer_in_force(command.instrument, ends_on(command.instrument, context))
    return [transition_decision(command, fact, context, "ENACTED", fact.binds_from)]


def first_effective_date(instrument: Instrument) -> date | None:
    """Return the first date at any site, since a site may begin before the others; None if it is undated."""
    if instrument.effective_from is None:
        return None
    return min([instrument.effective_from, *(site.from_ for site in instrument.rules.sites)])


def _already_enacted(command: Publication, version: Version, start: date | None) -> Sequence[Decision]:
    """Return `[]`. Raise `Invalid` for a later attestation that would change dates which are already published."""
    new = command.published_attested_by not in {None, version.attested_by}
    if new and start and max(start, _published_on(command)) < version.first:
        name = version.instrument.instrument
        raise Invalid(
            "/published_attested_by",
            Message(
                "{name} sudah tercatat tanpa penegasan ini dan mengikat mulai {first}. Tetapkan dengan nama "
                "baru yang menggantikan {name} (supersedes), beserta penegasannya.",
                name=name,
                first=version.first,
            ),
        )
    return []


def _published_on(command: Publication) -> date:
    return command.published_on if isinstance(command, ScheduleInstrument) else command.instrument.published_on


def _first_binding_date(command: EnactInstrument | AmendInstrument, start: date | None, today: date) -> date | None:
    published = command.instrument.published_on
    # Typed in late it binds from its recording only, unless a named office attests the publication.
    public_from = published if command.published_attested_by else max(published, today)
    return max(start, public_from) if start else None
