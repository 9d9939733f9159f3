"""How an instrument comes to bind: drafted, enacted, amended, brought into force. Pure."""

from collections.abc import Sequence
from datetime import date

from services.policy.domain.commands import AmendInstrument, DraftInstrument, EnactInstrument, ScheduleInstrument
from services.policy.domain.instruments.consistency import again_faults, overlap_faults
from services.policy.domain.instruments.decision import (
    Desk,
    Told,
    change,
    concerned,
    enacted,
    ended,
    over,
    revoked,
    turned,
)
from services.policy.domain.instruments.lifecycle import NEVER, Course, Version
from services.policy.domain.validation.rule_errors import raised
from shared.domain.facts.base import Invalid
from shared.domain.facts.policy import (
    Instrument,
    InstrumentAmended,
    InstrumentDrafted,
    InstrumentEnacted,
    InstrumentScheduled,
)

Publication = EnactInstrument | AmendInstrument | ScheduleInstrument
"""What a named office may attest to have been public before it was recorded."""


def draft(command: DraftInstrument, desk: Desk) -> Sequence[Told]:
    """Put on the table, or change what lies there."""
    content = command.instrument
    before = desk.courses.get(content.instrument)
    if before and before.stage == "ENACTED":
        raise Invalid(
            "/instrument/instrument",
            f"Instrumen {content.instrument} sudah ditetapkan dan tidak dapat menjadi rancangan lagi.",
            f"Instrument {content.instrument} is enacted already and can be no draft again.",
        )
    if before and (before.stage, before.instrument) == (command.stage, content):
        return []
    return [Told(InstrumentDrafted(region=command.region, instrument=content, stage=command.stage))]


def enact(command: EnactInstrument, desk: Desk) -> Sequence[Told]:
    """An instrument binds from its date on, and never before it was known."""
    instrument = command.instrument
    before = desk.courses.get(instrument.instrument)
    gap = before.open_gap if before else None
    if before and before.stage == "ENACTED" and instrument not in _enactable(before):
        raise Invalid(
            "/instrument/instrument",
            f"Instrumen {instrument.instrument} sudah ditetapkan dengan isi lain; beri nama baru untuk perubahannya.",
            f"Instrument {instrument.instrument} is enacted already with other content; give the change its own name.",
        )
    if before and before.stage == "ENACTED" and not revoked(gap):
        version = before.versions[-1 if instrument == before.instrument else 0]
        return _known(command, version, begins(instrument))
    raised(overlap_faults(instrument, desk.courses, desk.register))
    first = _first(command, begins(instrument), desk.today)
    if gap and first:  # what was revoked binds again from now on: nobody attests that it was never revoked
        first = max(first, gap.first, desk.today)
    fact = InstrumentEnacted(
        region=command.region,
        instrument=instrument,
        binds_from=first,
        published_attested_by=command.published_attested_by,
    )
    kind = "ADOPTED" if instrument.adopts else "ENACTED"
    why = change(instrument, kind, first, command.published_attested_by) if first else None
    return [Told(fact, why, concerned(desk.courses, instrument))]


def _enactable(before: Course) -> tuple[Instrument, ...]:
    """The content that is enacted already, with or without its date; what was revoked as it stood at last."""
    known = (before.instrument,) if revoked(before.open_gap) else (before.versions[0].instrument, before.instrument)
    return (*known, *(each.model_copy(update={"effective_from": None}) for each in known))


def amend(command: AmendInstrument, desk: Desk) -> Sequence[Told]:
    """Other content from its own date on, also for the sites that began earlier."""
    content = command.instrument
    before = enacted(content.instrument, desk)
    if before.instrument == content:
        return _known(command, before.versions[-1], content.effective_from)
    raised(overlap_faults(content, desk.courses, desk.register))
    first = _first(command, content.effective_from, desk.today)
    if first is None or before.first == NEVER or content.layer != before.instrument.layer:
        raise Invalid(
            "/instrument/effective_from",
            "Perubahan memerlukan tanggal berlaku, pada instrumen yang sudah bertanggal dan berlapis sama.",
            "An amendment needs a date from which it holds, of an instrument that has its own date and the same layer.",
        )
    last = over(content.instrument, desk)
    if first >= last or first > before.until:
        raise ended(content.instrument, min(last, before.until))
    fact = InstrumentAmended(
        region=command.region,
        instrument=content,
        binds_from=first,
        published_attested_by=command.published_attested_by,
    )
    told = concerned(desk.courses, before.instrument, content)
    return [Told(fact, change(content, "AMENDED", first, command.published_attested_by), told)]


def schedule(command: ScheduleInstrument, desk: Desk) -> Sequence[Told]:
    """The date on which one without a date begins to bind."""
    before = enacted(command.instrument, desk)
    if before.first != NEVER:
        if before.instrument.effective_from == command.effective_from:
            return _known(command, before.versions[-1], begins(before.instrument))
        raise Invalid(
            "/effective_from",
            f"Instrumen {command.instrument} sudah mempunyai tanggal berlaku; ubah dengan instrumen perubahan.",
            f"Instrument {command.instrument} has a date already from which it binds; change it by an amendment.",
        )
    raised(again_faults(before.instrument, desk.courses))
    published = command.published_on if command.published_attested_by else max(command.published_on, desk.today)
    first = begins(before.instrument.model_copy(update={"effective_from": command.effective_from}))
    fact = InstrumentScheduled(**command.model_dump(), binds_from=max(first or published, published))
    if fact.binds_from >= over(command.instrument, desk):
        raise ended(command.instrument, over(command.instrument, desk))
    return [turned(command, fact, desk, "ENACTED", fact.binds_from)]


def begins(instrument: Instrument) -> date | None:
    """The first date on which an instrument says something anywhere: a site may begin before the others."""
    if instrument.effective_from is None:
        return None
    return min([instrument.effective_from, *(site.from_ for site in instrument.rules.sites)])


def _known(command: Publication, version: Version, wished: date | None) -> Sequence[Told]:
    """Nothing is told again; who attests only now would have it bind on dates that were told otherwise."""
    new = command.published_attested_by not in {None, version.attested_by}
    if new and wished and max(wished, _published(command)) < version.first:
        name = version.instrument.instrument
        raise Invalid(
            "/published_attested_by",
            (
                f"{name} sudah tercatat tanpa penegasan ini dan mengikat mulai {version.first}. Tetapkan dengan nama "
                f"baru yang menggantikan {name} (supersedes), beserta penegasannya."
            ),
            (
                f"{name} is on record without this attestation and binds from {version.first} on. Enact it under a "
                f"new name that supersedes {name}, with the attestation."
            ),
        )
    return []


def _published(command: Publication) -> date:
    return command.published_on if isinstance(command, ScheduleInstrument) else command.instrument.published_on


def _first(command: EnactInstrument | AmendInstrument, wished: date | None, today: date) -> date | None:
    published = command.instrument.published_on
    known = published if command.published_attested_by else max(published, today)
    return max(wished, known) if wished else None
