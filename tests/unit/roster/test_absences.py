"""Leave and travel: declared, withdrawn, and heeded by the next plan."""

import pytest

from services.roster.domain import decider
from services.roster.domain.commands import DeclareAbsence
from shared.domain.errors import Invalid
from shared.domain.facts.roster import AbsenceDeclared
from tests.support.example_facts import (
    ANI,
)
from tests.support.given_when_then import decide
from tests.support.roster_plans import (
    MONDAY,
    PEOPLE,
    PLACEMENT,
    STAFF,
    SUNDAY,
    TUESDAY,
    plan_days,
    published_week,
    roster_streams,
    rosters_of,
)


def absence(**more: object) -> DeclareAbsence:
    fields = {"region": "32", "opd": "DPMPTSP", "employee": STAFF[0], "kind": "LEAVE", "from": MONDAY, "to": TUESDAY}
    return DeclareAbsence.model_validate(fields | more)


def declared(**more: object) -> AbsenceDeclared:
    ((fact,),) = decide(decider, {PLACEMENT: PEOPLE}, absence(**more)).values()
    assert isinstance(fact, AbsenceDeclared)
    return fact


def test_leave_is_published_without_a_name_or_cause() -> None:
    assert set(declared().model_dump()) == {"region", "opd", "employee", "kind", "from", "to", "withdrawn"}


def test_declaring_the_same_leave_again_changes_nothing() -> None:
    assert decide(decider, {PLACEMENT: [*PEOPLE, declared()]}, absence()) == {}


def test_leave_of_an_unknown_person_is_rejected() -> None:
    with pytest.raises(Invalid, match="belum ditempatkan"):
        decide(decider, {PLACEMENT: PEOPLE}, absence(employee=ANI))


def test_leave_that_ends_before_it_begins_is_rejected() -> None:
    with pytest.raises(Invalid, match="mendahului"):
        decide(decider, {PLACEMENT: PEOPLE}, absence(to=SUNDAY))


def test_planning_again_after_leave_was_considered_changes_nothing() -> None:
    streams = published_week() | {PLACEMENT: [*PEOPLE, declared()]}
    amended = roster_streams(*rosters_of(decide(decider, streams, plan_days())))
    assert decide(decider, {s: [*f, *amended.get(s, ())] for s, f in streams.items()}, plan_days()) == {}


def test_leave_amends_the_published_days_that_it_touches_and_says_why() -> None:
    facts = rosters_of(
        decide(decider, published_week() | {PLACEMENT: [*PEOPLE, declared()]}, plan_days(units=["FRONT"]))
    )
    touched = [fact for fact in facts if STAFF[0] in {a.employee for a in fact.assignments if a.mode == "OFF"}]
    assert {(f.work_date, f.status, f.cause, f.roster_revision) for f in touched} == {
        (MONDAY, "AMENDED", "ABSENCE", 2),
        (TUESDAY, "AMENDED", "ABSENCE", 2),
    }


def modes(*absences: AbsenceDeclared) -> list[str]:
    rosters = rosters_of(
        decide(decider, {PLACEMENT: [*PEOPLE, *absences]}, plan_days(units=["FRONT"], dates=[MONDAY, TUESDAY]))
    )
    return [a.mode for fact in rosters for a in fact.assignments if a.employee == STAFF[0]]


def test_leave_that_was_withdrawn_for_one_day_remains_on_the_other() -> None:
    assert "OFF" not in modes(declared(), declared(withdrawn=True))
    assert modes(declared(), declared(withdrawn=True, to=MONDAY))[1] == "OFF"


def test_travel_that_was_withdrawn_leaves_the_leave() -> None:
    assert modes(declared(), declared(kind="TRAVEL"), declared(kind="TRAVEL", withdrawn=True)) == ["OFF", "OFF"]
