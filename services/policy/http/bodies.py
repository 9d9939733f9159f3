"""Builds the commands of policy from HTTP bodies, field by field, so that the type checker compares both."""

from services.policy.domain.commands import (
    AmendInstrument,
    ApproveDays,
    DayGrant,
    DeclareHolidays,
    Decline,
    DeclineRecommendation,
    Drafting,
    DraftInstrument,
    EnactInstrument,
    Enactment,
    HolidayDeclaration,
    ResumeInstrument,
    RevokeInstrument,
    ScheduleInstrument,
    Scheduling,
    SuspendInstrument,
    Transition,
)
from services.policy.domain.opd_commands import (
    ArrangeUnit,
    MergeOpd,
    OpdMerging,
    OpdOpening,
    OpdSplitting,
    OpenOpd,
    SplitOpd,
    UnitArrangement,
)
from shared.domain.errors import Invalid
from shared.domain.messages import Message


def to_enact_instrument(region: str, body: Enactment) -> EnactInstrument:
    """Return the command that enacts an instrument."""
    return EnactInstrument(region=region, instrument=body.instrument, published_attested_by=body.published_attested_by)


def to_amend_instrument(region: str, instrument: str, body: Enactment) -> AmendInstrument:
    """Return the command that amends an instrument. Raise `Invalid` if the body is of another one than the path."""
    if body.instrument.instrument != instrument:
        raise Invalid(
            "/instrument/instrument",
            Message(
                "Alamat menyebut {instrument}, isinya {body_instrument}.",
                instrument=instrument,
                body_instrument=body.instrument.instrument,
            ),
        )
    return AmendInstrument(region=region, instrument=body.instrument, published_attested_by=body.published_attested_by)


def to_draft_instrument(region: str, body: Drafting) -> DraftInstrument:
    """Return the command that records a draft or a study."""
    return DraftInstrument(region=region, instrument=body.instrument, stage=body.stage)


def to_schedule_instrument(region: str, instrument: str, body: Scheduling) -> ScheduleInstrument:
    """Return the command that sets the effective date of an instrument."""
    return ScheduleInstrument(
        region=region,
        instrument=instrument,
        decided_on=body.decided_on,
        published_on=body.published_on,
        effective_from=body.effective_from,
        published_attested_by=body.published_attested_by,
    )


def to_suspend_instrument(region: str, instrument: str, body: Transition) -> SuspendInstrument:
    """Return the command that suspends an instrument."""
    return SuspendInstrument(
        region=region,
        instrument=instrument,
        decided_on=body.decided_on,
        published_on=body.published_on,
        effective_from=body.effective_from,
    )


def to_resume_instrument(region: str, instrument: str, body: Transition) -> ResumeInstrument:
    """Return the command that resumes an instrument."""
    return ResumeInstrument(
        region=region,
        instrument=instrument,
        decided_on=body.decided_on,
        published_on=body.published_on,
        effective_from=body.effective_from,
    )


def to_revoke_instrument(region: str, instrument: str, body: Transition) -> RevokeInstrument:
    """Return the command that revokes an instrument."""
    return RevokeInstrument(
        region=region,
        instrument=instrument,
        decided_on=body.decided_on,
        published_on=body.published_on,
        effective_from=body.effective_from,
    )


def to_approve_days(region: str, instrument: str, body: DayGrant) -> ApproveDays:
    """Return the command that approves optional weekdays of an OPD."""
    return ApproveDays(
        region=region,
        instrument=instrument,
        opd=body.opd,
        weekdays=body.weekdays,
        decided_on=body.decided_on,
        published_on=body.published_on,
        effective_from=body.effective_from,
        effective_to=body.effective_to,
        by=body.by,
    )


def to_decline_recommendation(region: str, body: Decline) -> DeclineRecommendation:
    """Return the command that declines a recommendation."""
    return DeclineRecommendation(
        region=region,
        recommendation=body.recommendation,
        decided_on=body.decided_on,
        published_on=body.published_on,
    )


def to_declare_holidays(region: str, body: HolidayDeclaration) -> DeclareHolidays:
    """Return the command that declares days without duty."""
    return DeclareHolidays(region=region, holidays=body.holidays)


def to_open_opd(region: str, body: OpdOpening) -> OpenOpd:
    """Return the command that adds an OPD to the register."""
    return OpenOpd(region=region, opd=body.opd, name=body.name, on=body.on, kinds=body.kinds)


def to_merge_opd(region: str, opd: str, body: OpdMerging) -> MergeOpd:
    """Return the command that ends an OPD by a merger."""
    return MergeOpd(region=region, opd=opd, into=body.into, on=body.on)


def to_split_opd(region: str, opd: str, body: OpdSplitting) -> SplitOpd:
    """Return the command that ends an OPD by a split."""
    return SplitOpd(region=region, opd=opd, into=body.into, on=body.on)


def to_arrange_unit(region: str, opd: str, body: UnitArrangement) -> ArrangeUnit:
    """Return the command that arranges a unit."""
    return ArrangeUnit(
        region=region,
        opd=opd,
        unit=body.unit,
        name=body.name,
        class_=body.class_,
        site=body.site,
        posts=body.posts,
        valid_from=body.valid_from,
        valid_to=body.valid_to,
        kinds=body.kinds,
    )
