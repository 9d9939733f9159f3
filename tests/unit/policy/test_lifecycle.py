"""The life of a circular of Depok: on the table, enacted, dated, suspended, resumed, amended, superseded, revoked."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from services.policy.domain import decider
from services.policy.domain.commands import (
    AmendInstrument,
    ApproveDays,
    DeclineRecommendation,
    DraftInstrument,
    EnactInstrument,
    PolicyCommand,
    RecordDue,
    ResumeInstrument,
    RevokeInstrument,
    ScheduleInstrument,
    SuspendInstrument,
)
from services.policy.domain.instruments.lifecycle import NEVER, Courses, bindings, state_on, superseded
from services.policy.domain.instruments.transitions import due
from services.policy.domain.read_models.timeline_chart import spans
from shared.domain.facts.base import Fact, Invalid
from shared.domain.facts.policy import Instrument, InstrumentDeclined, OpdMerged, OpdOpened, PolicyChanged
from tests.support.example_facts import at
from tests.support.given_when_then import folded, outcome

REGION = "3276"
DAY = timedelta(days=1)
DECIDED, THURSDAY, MONDAY = date(2026, 1, 23), date(2026, 1, 29), date(2026, 2, 17)
OPENED = {
    opd: OpdOpened(region=REGION, opd=opd, name=name, on=date(2020, 1, 1))
    for opd, name in (
        ("BKPSDM", "Badan Kepegawaian"),
        ("DISHUB", "Dinas Perhubungan"),
        ("BAPPEDA", "Badan Perencanaan"),
    )
}
TOWN: Mapping[str, Sequence[Fact]] = {f"policy/{REGION}/{opd}": [fact] for opd, fact in OPENED.items()}
Step = tuple[date, PolicyCommand]


def se(name: str = "depok-2026-se-42", first: date | None = THURSDAY, **more: Any) -> Instrument:
    fields = {
        "instrument": name, "title": f"SE Depok {name}", "layer": "REGION", "government": REGION,
        "decided_on": DECIDED, "published_on": DECIDED, "effective_from": first,
        "rules": {"pattern": {"weekdays": ["THU"]}},
    }  # fmt: skip
    return Instrument.model_validate(fields | more)


SE_42 = se()
UNTIL_15_FEB = se(effective_to=date(2026, 2, 15))
SE_80 = se("depok-2026-se-80", MONDAY, supersedes=["depok-2026-se-42"], rules={"pattern": {"weekdays": ["MON"]}})
UNDATED = se("depok-2026-kep-196", None)
OFFER = {
    "pattern": {"weekdays": ["THU"]},
    "approvals": [{"kind": "OPD_DAYS", "approver": "SEKRETARIS_DAERAH", "weekdays": ["FRI"]}],
}
SE_188 = se("depok-2026-se-188", rules=OFFER)


def enact(instrument: Instrument, on: date = DECIDED, by: str | None = None) -> Step:
    return on, EnactInstrument(region=REGION, instrument=instrument, published_attested_by=by)


def amend(instrument: Instrument, on: date, by: str | None = None) -> Step:
    return on, AmendInstrument(region=REGION, instrument=instrument, published_attested_by=by)


def draft(instrument: Instrument, stage: str) -> Step:
    return DECIDED, DraftInstrument.model_validate({"region": REGION, "instrument": instrument, "stage": stage})


def turn(kind: type[Any], on: date, name: str = "depok-2026-se-42", first: date | None = None, **more: Any) -> Step:
    fields = {"region": REGION, "instrument": name, "decided_on": on, "published_on": on, "effective_from": first or on}
    return on, kind.model_validate(fields | more)


def suspend(on: date, name: str = "depok-2026-se-42", first: date | None = None) -> Step:
    return turn(SuspendInstrument, on, name, first)


def resume(on: date, name: str = "depok-2026-se-42", first: date | None = None) -> Step:
    return turn(ResumeInstrument, on, name, first)


def revoke(on: date, name: str = "depok-2026-se-42", first: date | None = None) -> Step:
    return turn(RevokeInstrument, on, name, first)


def schedule(on: date, first: date, by: str | None = None) -> Step:
    return turn(ScheduleInstrument, on, "depok-2026-kep-196", first, published_attested_by=by)


def approve(on: date, name: str = "depok-2026-se-188", **more: Any) -> Step:
    fields = {"opd": "BKPSDM", "weekdays": ["FRI"], "by": "SEKRETARIS_DAERAH"}
    return turn(ApproveDays, on, name, **(fields | more))


def told_by(streams: Mapping[str, Sequence[Fact]], step: Step) -> Mapping[str, Sequence[Fact]]:
    return outcome(decider, streams, step[1], at("09:00", step[0], REGION))


def after(*steps: Step, town: Mapping[str, Sequence[Fact]] = TOWN) -> Mapping[str, Sequence[Fact]]:
    streams = dict(town)
    for step in steps:
        for name, facts in told_by(streams, step).items():
            streams[name] = [*streams.get(name, ()), *facts]
    return streams


def courses(*steps: Step) -> Courses:
    state: decider.State = folded(decider, after(*steps).get(f"instruments/{REGION}", ()))
    return state.courses


def state(day: date, *steps: Step, of: str = "depok-2026-se-42") -> str:
    found = courses(*steps)
    return state_on(found[of], day, superseded(found).get(of, NEVER))


def bound(*steps: Step, of: str = "depok-2026-se-42") -> list[tuple[date, date | None]]:
    """The dates on which an instrument binds, both included."""
    return [
        (b.first, None if b.until == NEVER else b.until - DAY)
        for b in bindings(courses(*steps)) if b.instrument.instrument == of
    ]  # fmt: skip


def refused(*steps: Step) -> str:
    streams = after(*steps[:-1])
    with pytest.raises(Invalid) as invalid:
        told_by(streams, steps[-1])
    return f"{invalid.value.pointer} {invalid.value.english}"


def changes(opd: str, *steps: Step) -> list[str]:
    facts = after(*steps)[f"policy/{REGION}/{opd}"]
    return [fact.change.kind for fact in facts if isinstance(fact, PolicyChanged)]


def turns_due(today: date, *steps: Step) -> list[tuple[date, str]]:
    return [(on, became) for on, _, became in due(courses(*steps), today)]


# On the table


@pytest.mark.parametrize("stage", ["DRAFT", "STUDY"])
def test_what_is_on_the_table_binds_nobody(stage: str) -> None:
    assert bound(draft(SE_42, stage)) == []


@pytest.mark.parametrize("stage", ["DRAFT", "STUDY"])
def test_what_is_on_the_table_stands_in_its_stage_for_ever(stage: str) -> None:
    assert state(date(2027, 1, 1), draft(SE_42, stage)) == stage


def test_no_opd_is_told_of_a_study() -> None:
    assert changes("BKPSDM", draft(SE_42, "STUDY")) == []


def test_the_same_draft_put_on_the_table_again_changes_nothing() -> None:
    assert told_by(after(draft(SE_42, "DRAFT")), draft(SE_42, "DRAFT")) == {}


def test_a_draft_becomes_a_study() -> None:
    assert state(THURSDAY, draft(SE_42, "DRAFT"), draft(SE_42, "STUDY")) == "STUDY"


def test_a_study_enacted_later_binds_as_any_other() -> None:
    assert bound(draft(SE_42, "STUDY"), enact(SE_42)) == [(THURSDAY, None)]


def test_a_study_may_say_something_else_than_what_is_enacted() -> None:
    assert state(THURSDAY, draft(UNTIL_15_FEB, "STUDY"), enact(SE_42)) == "IN_FORCE"


def test_what_is_enacted_can_be_no_draft_again() -> None:
    assert "can be no draft again" in refused(enact(SE_42), draft(SE_42, "DRAFT"))


def test_a_draft_cannot_be_suspended() -> None:
    assert "is not enacted" in refused(draft(SE_42, "DRAFT"), suspend(THURSDAY))


def test_a_draft_supersedes_nothing() -> None:
    assert bound(enact(SE_42), draft(SE_80, "DRAFT")) == [(THURSDAY, None)]


# Enacted, and dated


@pytest.mark.parametrize(("day", "became"), [(DECIDED, "ENACTED"), (THURSDAY, "IN_FORCE")])
def test_between_its_decision_and_its_date_it_is_enacted_and_not_in_force(day: date, became: str) -> None:
    assert state(day, enact(SE_42)) == became


@pytest.mark.parametrize(("day", "became"), [(date(2026, 2, 15), "IN_FORCE"), (date(2026, 2, 16), "EXPIRED")])
def test_it_expires_on_the_day_after_its_last(day: date, became: str) -> None:
    assert state(day, enact(UNTIL_15_FEB)) == became


def test_enacted_without_a_date_it_binds_nobody() -> None:
    assert bound(enact(UNDATED), of="depok-2026-kep-196") == []


def test_enacted_without_a_date_no_opd_is_told() -> None:
    assert changes("BKPSDM", enact(UNDATED)) == []


def test_once_its_date_is_decided_it_binds_from_then_on() -> None:
    assert bound(enact(UNDATED), schedule(THURSDAY, MONDAY), of="depok-2026-kep-196") == [(MONDAY, None)]


def test_a_date_decided_for_last_week_holds_from_today() -> None:
    assert bound(enact(UNDATED), schedule(MONDAY, THURSDAY), of="depok-2026-kep-196") == [(MONDAY, None)]


def test_a_named_official_may_attest_that_the_date_was_published_before() -> None:
    early = turn(ScheduleInstrument, THURSDAY, "depok-2026-kep-196", published_attested_by="SEKRETARIS_DAERAH")
    late = MONDAY, early[1]
    assert bound(enact(UNDATED), late, of="depok-2026-kep-196") == [(THURSDAY, None)]


def test_the_same_date_decided_twice_changes_nothing() -> None:
    assert told_by(after(enact(UNDATED), schedule(THURSDAY, MONDAY)), schedule(THURSDAY, MONDAY)) == {}


def test_another_date_is_an_amendment() -> None:
    told = refused(enact(UNDATED), schedule(THURSDAY, MONDAY), schedule(THURSDAY, MONDAY + DAY))
    assert "change it by an amendment" in told


def test_a_revoked_decree_gets_no_date_any_more() -> None:
    told = refused(enact(UNDATED), revoke(THURSDAY, "depok-2026-kep-196"), schedule(MONDAY, MONDAY))
    assert "is no longer in force from 2026-01-29" in told


def test_a_decree_revoked_before_it_had_a_date_can_be_enacted_and_dated_again() -> None:
    steps = enact(UNDATED), revoke(THURSDAY, "depok-2026-kep-196"), enact(UNDATED, MONDAY), schedule(MONDAY, MONDAY)
    assert bound(*steps, of="depok-2026-kep-196") == [(MONDAY, None)]


def test_enacted_again_without_a_date_a_third_time_changes_nothing() -> None:
    steps = enact(UNDATED), revoke(THURSDAY, "depok-2026-kep-196"), enact(UNDATED, MONDAY)
    assert told_by(after(*steps), enact(UNDATED, MONDAY)) == {}


def test_what_was_enacted_is_the_same_though_an_opd_that_it_names_was_merged_since() -> None:
    own = se("depok-2026-ink-1", layer="OPD", opds=["DISHUB"])
    merged = OpdMerged(region=REGION, opd="DISHUB", into="BAPPEDA", on=MONDAY)
    streams = after(enact(own))
    ended = {**streams, f"policy/{REGION}/DISHUB": [*streams[f"policy/{REGION}/DISHUB"], merged]}
    assert told_by(ended, enact(own, MONDAY)) == {}


# Suspended and resumed


def test_suspended_it_binds_until_the_day_before() -> None:
    assert bound(enact(SE_42), suspend(MONDAY)) == [(THURSDAY, MONDAY - DAY)]


def test_suspended_and_resumed_it_binds_on_both_sides() -> None:
    steps = enact(SE_42), suspend(date(2026, 2, 2)), resume(MONDAY)
    assert bound(*steps) == [(THURSDAY, date(2026, 2, 1)), (MONDAY, None)]


def test_every_opd_hears_of_suspension_and_resumption() -> None:
    assert changes("DISHUB", enact(SE_42), suspend(THURSDAY), resume(MONDAY)) == ["ENACTED", "SUSPENDED", "RESUMED"]


def test_suspended_twice_it_is_suspended_once() -> None:
    assert told_by(after(enact(SE_42), suspend(THURSDAY)), suspend(MONDAY)) == {}


def test_a_suspension_can_be_brought_forward() -> None:
    steps = enact(SE_42), suspend(THURSDAY, first=MONDAY), suspend(THURSDAY, first=date(2026, 2, 2))
    assert bound(*steps) == [(THURSDAY, date(2026, 2, 1))]


def test_a_suspension_resumed_before_it_begins_never_was() -> None:
    assert bound(enact(SE_42), suspend(DECIDED, first=MONDAY), resume(THURSDAY)) == [(THURSDAY, None)]


def test_what_ends_before_cannot_be_suspended_any_more() -> None:
    assert told_by(after(enact(UNTIL_15_FEB)), suspend(MONDAY)) == {}


def test_what_is_not_suspended_cannot_be_resumed() -> None:
    assert "is not suspended" in refused(enact(SE_42), resume(MONDAY))


def test_what_was_resumed_already_cannot_be_resumed() -> None:
    assert "is not suspended" in refused(enact(SE_42), suspend(THURSDAY), resume(MONDAY), resume(MONDAY))


def test_what_is_revoked_cannot_be_resumed() -> None:
    assert "is not suspended" in refused(enact(SE_42), revoke(THURSDAY), resume(MONDAY))


def test_suspended_before_it_began_it_does_not_begin() -> None:
    assert bound(enact(SE_42), suspend(DECIDED)) == []


def test_suspended_before_it_began_and_resumed_in_time_it_begins_on_its_day() -> None:
    assert bound(enact(SE_42), suspend(DECIDED), resume(DECIDED + DAY)) == [(THURSDAY, None)]


@pytest.mark.parametrize("days", [0, 1])
def test_the_days_on_which_it_was_suspended_before_it_began_stay_so(days: int) -> None:
    steps = enact(SE_42), suspend(DECIDED), resume(DECIDED + 2 * DAY)
    assert state(DECIDED + days * DAY, *steps) == "SUSPENDED"


def test_still_suspended_on_its_last_day_it_expires_all_the_same() -> None:
    assert state(date(2026, 3, 1), enact(UNTIL_15_FEB), suspend(THURSDAY)) == "EXPIRED"


def test_what_is_to_be_revoked_is_revoked_earlier_and_not_suspended() -> None:
    told = refused(enact(SE_42), revoke(THURSDAY, first=MONDAY), suspend(THURSDAY))
    assert "revoke it earlier instead" in told


def test_what_is_revoked_already_cannot_be_suspended_on_top() -> None:
    assert told_by(after(enact(SE_42), revoke(THURSDAY)), suspend(MONDAY)) == {}


# Revoked


def test_a_revocation_can_be_brought_forward() -> None:
    steps = enact(SE_42), revoke(THURSDAY, first=date(2026, 12, 31)), revoke(THURSDAY, first=MONDAY)
    assert bound(*steps) == [(THURSDAY, MONDAY - DAY)]


def test_revoked_once_more_for_later_it_ends_as_it_did() -> None:
    assert told_by(after(enact(SE_42), revoke(THURSDAY)), revoke(MONDAY)) == {}


def test_what_expires_before_cannot_be_revoked_any_more() -> None:
    assert told_by(after(enact(UNTIL_15_FEB)), revoke(MONDAY)) == {}


@pytest.mark.parametrize(("day", "became"), [(date(2026, 2, 16), "SUSPENDED"), (MONDAY, "REVOKED")])
def test_revoked_while_suspended_it_is_revoked_from_its_date_on(day: date, became: str) -> None:
    assert state(day, enact(SE_42), suspend(THURSDAY + DAY), revoke(MONDAY)) == became


def test_revoked_before_a_suspension_that_was_to_come_it_is_only_revoked() -> None:
    steps = enact(SE_42), suspend(THURSDAY, first=date(2026, 3, 1)), revoke(MONDAY)
    assert state(date(2026, 3, 2), *steps) == "REVOKED"


def test_revoked_while_suspended_and_enacted_again_it_binds_from_that_day() -> None:
    steps = enact(SE_42), suspend(THURSDAY + DAY), revoke(date(2026, 2, 2)), enact(SE_42, MONDAY)
    assert bound(*steps) == [(THURSDAY, THURSDAY), (MONDAY, None)]


def test_revoked_and_enacted_again_before_it_began_it_begins_on_its_day() -> None:
    assert bound(enact(SE_42), revoke(DECIDED), enact(SE_42, DECIDED + DAY)) == [(THURSDAY, None)]


def test_what_was_amended_and_revoked_is_enacted_again_as_it_stood_at_last() -> None:
    steps = enact(SE_42), amend(se(first=MONDAY), MONDAY), revoke(date(2026, 3, 2))
    assert "other content" in refused(*steps, enact(SE_42, date(2026, 3, 9)))


# Amended

WEDNESDAYS = {"pattern": {"weekdays": ["WED"]}}
OWN: dict[str, Any] = {"layer": "OPD", "rules": WEDNESDAYS}


def test_amended_it_says_what_it_said_until_the_day_before() -> None:
    assert bound(enact(SE_42), amend(se(first=MONDAY, rules=WEDNESDAYS), THURSDAY)) == [
        (THURSDAY, MONDAY - DAY), (MONDAY, None),
    ]  # fmt: skip


def test_the_same_amendment_again_changes_nothing() -> None:
    step = amend(se(first=MONDAY, rules=WEDNESDAYS), THURSDAY)
    assert told_by(after(enact(SE_42), step), step) == {}


def test_enacting_once_more_what_an_amendment_changed_changes_nothing() -> None:
    assert told_by(after(enact(SE_42), amend(se(first=MONDAY), THURSDAY)), enact(SE_42, THURSDAY)) == {}


def test_amended_to_an_earlier_day_before_it_began_it_begins_earlier() -> None:
    earlier = date(2026, 1, 27)
    assert bound(enact(SE_42), amend(se(first=earlier), DECIDED)) == [(earlier, None)]


def test_an_amendment_for_last_month_holds_from_today() -> None:
    assert bound(enact(SE_42), amend(se(first=THURSDAY, rules=WEDNESDAYS), MONDAY))[1] == (MONDAY, None)


def test_an_amendment_has_a_date() -> None:
    assert "needs a date" in refused(enact(SE_42), amend(se(first=None), THURSDAY))


def test_a_decree_without_a_date_is_not_amended() -> None:
    told = refused(enact(UNDATED), amend(se("depok-2026-kep-196", MONDAY), THURSDAY))
    assert "that has its own date" in told


def test_an_amendment_moves_no_instrument_to_another_layer() -> None:
    assert "the same layer" in refused(enact(SE_42), amend(se(first=MONDAY, layer="OPD", opds=["DISHUB"]), THURSDAY))


def test_an_amendment_may_extend_it_from_the_day_after_its_last() -> None:
    more = se(first=date(2026, 2, 16), effective_to=date(2026, 3, 31))
    assert state(date(2026, 3, 31), enact(UNTIL_15_FEB), amend(more, THURSDAY)) == "IN_FORCE"


def test_what_has_ended_cannot_be_amended() -> None:
    told = refused(enact(UNTIL_15_FEB), amend(se(first=date(2026, 3, 1)), date(2026, 3, 1)))
    assert "is no longer in force from 2026-02-16" in told


def test_what_was_revoked_cannot_be_amended() -> None:
    told = refused(enact(SE_42), revoke(THURSDAY), amend(se(first=MONDAY), MONDAY))
    assert "is no longer in force from 2026-01-29" in told


def test_shortened_too_late_it_ends_when_that_was_recorded() -> None:
    shorter = se(first=THURSDAY, effective_to=date(2026, 2, 10))
    steps = enact(UNTIL_15_FEB), amend(shorter, date(2026, 2, 13))
    assert [state(date(2026, 2, day), *steps) for day in (12, 13)] == ["IN_FORCE", "EXPIRED"]


def test_an_opd_that_an_amendment_leaves_out_hears_of_it() -> None:
    steps = (
        enact(se("depok-2026-ink-1", opds=["DISHUB", "BAPPEDA"], **OWN)),
        amend(se("depok-2026-ink-1", MONDAY, opds=["BAPPEDA"], **OWN), THURSDAY),
    )
    assert changes("DISHUB", *steps) == ["ENACTED", "AMENDED"]


# Superseded


@pytest.mark.parametrize(("day", "became"), [(MONDAY - DAY, "IN_FORCE"), (MONDAY, "SUPERSEDED")])
def test_se_42_is_superseded_on_the_monday_on_which_se_80_begins(day: date, became: str) -> None:
    assert state(day, enact(SE_42), enact(SE_80)) == became


def test_se_80_revoked_before_it_began_leaves_se_42_in_force() -> None:
    assert bound(enact(SE_42), enact(SE_80), revoke(THURSDAY, SE_80.instrument)) == [(THURSDAY, None)]


def test_se_80_revoked_after_it_began_does_not_bring_se_42_back() -> None:
    steps = enact(SE_42), enact(SE_80), revoke(MONDAY + DAY, SE_80.instrument)
    assert bound(*steps) == [(THURSDAY, MONDAY - DAY)]


def test_while_se_80_is_suspended_before_it_began_se_42_goes_on() -> None:
    assert bound(enact(SE_42), enact(SE_80), suspend(THURSDAY, SE_80.instrument)) == [(THURSDAY, None)]


def test_se_42_ends_when_se_80_is_resumed_and_not_before() -> None:
    third = date(2026, 3, 3)
    steps = enact(SE_42), enact(SE_80), suspend(THURSDAY, SE_80.instrument), resume(third, SE_80.instrument)
    assert bound(*steps) == [(THURSDAY, third - DAY)]


def test_se_42_ends_when_the_revoked_se_80_is_enacted_again_and_not_before() -> None:
    third = date(2026, 3, 3)
    steps = enact(SE_42), enact(SE_80), revoke(THURSDAY, SE_80.instrument), enact(SE_80, third)
    assert bound(*steps) == [(THURSDAY, third - DAY)]


def test_an_amendment_that_supersedes_another_does_so_from_its_own_date_on() -> None:
    other = se("depok-2026-se-80")
    more = se("depok-2026-se-80", MONDAY, supersedes=["depok-2026-se-42"])
    assert bound(enact(SE_42), enact(other), amend(more, THURSDAY)) == [(THURSDAY, MONDAY - DAY)]


def test_an_amendment_that_no_longer_speaks_of_another_does_not_bring_it_back() -> None:
    steps = enact(SE_42), enact(SE_80), amend(se("depok-2026-se-80", MONDAY + 7 * DAY), MONDAY)
    assert bound(*steps) == [(THURSDAY, MONDAY - DAY)]


def test_what_was_superseded_cannot_be_amended() -> None:
    told = refused(enact(SE_42), enact(SE_80), amend(se(first=MONDAY, rules=WEDNESDAYS), MONDAY))
    assert "is no longer in force from 2026-02-17" in told


def test_a_decree_that_never_had_a_date_is_superseded_too() -> None:
    heir = se("depok-2026-se-1633", MONDAY, supersedes=["depok-2026-kep-196"])
    assert state(MONDAY, enact(UNDATED), enact(heir), of="depok-2026-kep-196") == "SUPERSEDED"


def test_what_was_revoked_before_its_successor_came_stays_revoked() -> None:
    assert state(MONDAY, enact(SE_42), enact(SE_80), revoke(THURSDAY + DAY)) == "REVOKED"


def test_an_opd_that_only_the_superseded_instruction_bound_hears_of_its_successor() -> None:
    steps = (
        enact(se("depok-2026-ink-1", opds=["DISHUB", "BAPPEDA"], **OWN)),
        enact(se("depok-2026-ink-2", MONDAY, opds=["BAPPEDA"], supersedes=["depok-2026-ink-1"], **OWN), THURSDAY),
    )
    assert changes("DISHUB", *steps) == ["ENACTED", "ENACTED"]


# Optional days, and recommendations


def fridays(*steps: Step, opd: str = "BKPSDM") -> list[date]:
    policy = [fact for fact in after(*steps)[f"policy/{REGION}/{opd}"] if isinstance(fact, PolicyChanged)][-1]
    return [p.from_ for p in policy.periods if p.rules.pattern and "FRI" in p.rules.pattern.weekdays]


def test_a_friday_that_was_approved_is_a_day_at_home() -> None:
    assert fridays(enact(SE_188), approve(MONDAY)) == [MONDAY]


def test_only_the_opd_that_applied_is_told() -> None:
    assert changes("DISHUB", enact(SE_188), approve(MONDAY)) == ["ENACTED"]


def test_approved_again_the_day_after_changes_nothing() -> None:
    assert told_by(after(enact(SE_188), approve(MONDAY)), approve(MONDAY + DAY)) == {}


def test_approved_for_longer_it_holds_for_longer() -> None:
    short, longer = date(2026, 3, 31), date(2026, 6, 30)
    streams = after(enact(SE_188), approve(MONDAY, effective_to=short), approve(MONDAY, effective_to=longer))
    policy = streams[f"policy/{REGION}/BKPSDM"][-1]
    assert isinstance(policy, PolicyChanged)
    assert [p.to for p in policy.periods if p.rules.pattern and "FRI" in p.rules.pattern.weekdays] == [longer]


def test_a_day_that_the_circular_does_not_offer_cannot_be_approved() -> None:
    assert "does not offer MON" in refused(enact(SE_188), approve(MONDAY, weekdays=["MON"]))


def test_the_applicant_is_in_the_register() -> None:
    assert refused(enact(SE_188), approve(MONDAY, opd="DAMKAR")) == "/opd OPD DAMKAR is not in the register."


def test_days_of_a_revoked_circular_cannot_be_approved() -> None:
    told = refused(enact(SE_188), revoke(THURSDAY, SE_188.instrument), approve(MONDAY))
    assert "is no longer in force from 2026-01-29" in told


def test_days_approved_during_a_suspension_count_once_it_is_over() -> None:
    third = date(2026, 3, 3)
    steps = enact(SE_188), suspend(THURSDAY, SE_188.instrument), approve(MONDAY), resume(third, SE_188.instrument)
    assert fridays(*steps) == [third]


RECOMMENDED = {"region": "32", "instrument": "jabar-2026-se-188"}


def test_what_follows_the_province_is_told_as_adopted() -> None:
    assert changes("BKPSDM", enact(se(adopts=RECOMMENDED))) == ["ADOPTED"]


def test_what_is_declined_is_on_record_and_changes_no_rule() -> None:
    fields = {"region": REGION, "recommendation": RECOMMENDED, "decided_on": DECIDED, "published_on": DECIDED}
    step = DECIDED, DeclineRecommendation.model_validate(fields)
    assert told_by(TOWN, step) == {f"instruments/{REGION}": [InstrumentDeclined.model_validate(fields)]}


# Dates that come

RECORD = RecordDue(region=REGION)


def test_nothing_is_due_before_its_date() -> None:
    assert turns_due(THURSDAY - DAY, enact(SE_42)) == []


def test_on_its_date_it_came_into_force() -> None:
    assert turns_due(THURSDAY, enact(SE_42)) == [(THURSDAY, "IN_FORCE")]


def test_whatever_was_slept_over_is_due_with_its_own_date() -> None:
    assert turns_due(date(2026, 5, 1), enact(UNTIL_15_FEB)) == [
        (THURSDAY, "IN_FORCE"), (date(2026, 2, 16), "EXPIRED"),
    ]  # fmt: skip


def test_what_is_recorded_is_due_no_more() -> None:
    assert turns_due(MONDAY, enact(SE_42), (THURSDAY, RECORD)) == []


def test_recorded_twice_is_recorded_once() -> None:
    assert told_by(after(enact(SE_42), (THURSDAY, RECORD)), (THURSDAY, RECORD)) == {}


def test_every_opd_hears_that_the_day_has_come() -> None:
    assert changes("DISHUB", enact(SE_42), (THURSDAY, RECORD)) == ["ENACTED", "IN_FORCE"]


def test_an_amendment_takes_effect_once_and_it_does_not_come_into_force_again() -> None:
    later = se(first=MONDAY, decided_on=THURSDAY + DAY, published_on=THURSDAY + DAY, rules=WEDNESDAYS)
    steps = enact(SE_42), (THURSDAY, RECORD), amend(later, THURSDAY + DAY)
    assert turns_due(MONDAY, *steps) == [(MONDAY, "AMENDED")]


def test_on_one_monday_the_one_is_superseded_and_the_other_begins() -> None:
    steps = enact(SE_42), (THURSDAY, RECORD), enact(SE_80)
    assert sorted(turns_due(MONDAY, *steps)) == [(MONDAY, "IN_FORCE"), (MONDAY, "SUPERSEDED")]


def test_a_suspension_of_what_is_superseded_by_then_is_never_due() -> None:
    steps = enact(SE_42), enact(SE_80), suspend(THURSDAY, first=MONDAY + 7 * DAY)
    assert "SUSPENDED" not in {became for _, became in turns_due(date(2026, 3, 2), *steps)}


def test_a_study_is_never_due() -> None:
    assert turns_due(date(2027, 1, 1), draft(SE_42, "STUDY")) == []


# The line of time


def test_a_day_on_which_nothing_changes_cuts_no_bar() -> None:
    steps = enact(SE_42), enact(SE_80), suspend(THURSDAY, first=MONDAY + 7 * DAY)
    found = courses(*steps)
    assert [s.state for s in spans(found["depok-2026-se-42"], superseded(found)["depok-2026-se-42"])] == [
        "ENACTED", "IN_FORCE", "SUPERSEDED",
    ]  # fmt: skip


# What begins and ends together


def test_a_recommendation_is_declined_once() -> None:
    fields = {"region": REGION, "recommendation": RECOMMENDED, "decided_on": DECIDED, "published_on": DECIDED}
    step = DECIDED, DeclineRecommendation.model_validate(fields)
    assert told_by(after(step), step) == {}


def test_who_is_superseded_before_he_begins_supersedes_nobody() -> None:
    march = se("depok-2026-b", date(2026, 3, 2), supersedes=["depok-2026-se-42"])
    february = se("depok-2026-c", MONDAY, supersedes=["depok-2026-b"])
    found = superseded(courses(enact(SE_42), enact(march), enact(february)))
    assert found == {"depok-2026-b": MONDAY}


def test_an_undated_decree_that_was_scheduled_is_not_enacted_anew() -> None:
    assert told_by(after(enact(UNDATED), schedule(DECIDED, THURSDAY)), enact(UNDATED)) == {}


def test_a_scheduled_decree_begins_at_its_first_site() -> None:
    sites = {"pattern": {"weekdays": ["THU"]}, "sites": [{"site": "BALAI-KOTA", "from": str(THURSDAY - DAY)}]}
    pilot = se("depok-2026-kep-196", None, rules=sites)
    assert bound(enact(pilot), schedule(DECIDED, THURSDAY), of="depok-2026-kep-196") == [(THURSDAY - DAY, None)]
