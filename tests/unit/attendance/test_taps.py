"""A tap of Ani at DPMPTSP: accepted, refused, and the same whenever it comes again."""

from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest

from services.attendance.domain import decider
from services.attendance.domain.commands import ApplyOutage, OutageRequest, RecordTap
from services.attendance.domain.decider import event_id
from shared.domain.errors import Invalid
from shared.domain.facts.attendance import CheckedIn, CheckedOut, CheckInRefused, OutageApplied, PostTaken, Tap
from tests.support.example_facts import ANI, BUDI, THURSDAY, at
from tests.support.given_when_then import decide
from tests.support.messages import english, indonesian

PRESSED, RECEIVED = at("07:21:08"), at("07:21:09")
CLIENT = "c2d95a4e-0b1f-4f2e-9a55-4d1f6d7e8f90"


def record(
    kind: str = "checked-in",
    occurred_at: datetime = PRESSED,
    received_at: datetime = RECEIVED,
    **more: object,
) -> RecordTap:
    request: dict[str, object] = {
        "client_id": CLIENT,
        "unit": "FRONT",
        "place": {"class": "SITE", "site": "DPMPTSP-1"},
        "evidence": {"kind": "GEOFENCE", "accuracy_m": 12, "distance_class": "INSIDE"},
    }
    return RecordTap.model_validate(
        {
            "kind": kind,
            "region": "32",
            "opd": "DPMPTSP",
            "employee": ANI,
            "occurred_at": occurred_at,
            "received_at": received_at,
            "request": request | more,
        }
    )


def fact(command: RecordTap) -> Tap:
    ((tap,),) = decide(decider, {}, command).values()
    assert isinstance(tap, Tap)
    return tap


@pytest.mark.parametrize(
    ("kind", "expected", "post"),
    [("checked-in", CheckedIn, None), ("checked-out", CheckedOut, None), ("post-taken", PostTaken, "LOKET-1")],
)
def test_a_tap_becomes_its_fact(kind: str, expected: type[Tap], post: str | None) -> None:
    assert type(fact(record(kind=kind, post=post))) is expected


def test_a_tap_is_stored_in_the_day_of_its_person() -> None:
    assert list(decide(decider, {}, record())) == [f"attendance/32/DPMPTSP/{THURSDAY}/{ANI}"]


def test_the_day_is_the_regions_local_date() -> None:
    assert fact(record(occurred_at=at("00:10"), received_at=at("00:10"))).tap_date == THURSDAY


def test_it_happened_when_the_button_was_pressed() -> None:
    assert fact(record()).happened_at(at("23:00")) == at("07:21:08")


@pytest.mark.parametrize(
    ("evidence", "offline", "strength"),
    [
        ({"kind": "GEOFENCE", "distance_class": "INSIDE"}, False, "CONFIRMED"),
        ({"kind": "GEOFENCE", "distance_class": "EDGE"}, False, "CLAIMED"),
        ({"kind": "SITE_CODE"}, False, "CONFIRMED"),
        ({"kind": "SITE_CODE"}, True, "CLAIMED"),
        ({"kind": "CLAIM"}, False, "CLAIMED"),
    ],
)
def test_what_proves_the_place_decides_its_strength(evidence: dict[str, str], offline: bool, strength: str) -> None:  # noqa: FBT001
    assert fact(record(evidence=evidence, offline=offline)).strength == strength


def test_a_post_taken_without_its_name_is_rejected_in_both_languages() -> None:
    with pytest.raises(Invalid) as error:
        decide(decider, {}, record(kind="post-taken"))
    assert (error.value.pointer, bool(indonesian(error.value.message)), bool(english(error.value.message))) == (
        "/post",
        True,
        True,
    )


@pytest.mark.parametrize("days", [30, 31])
def test_a_tap_of_last_month_is_still_accepted(days: int) -> None:
    assert isinstance(fact(record(occurred_at=at("12:00") - timedelta(days=days), received_at=at("12:00"))), CheckedIn)


@pytest.mark.parametrize("minutes", [6, -60 * 24 * 31 - 1])
def test_an_impossible_time_is_refused_as_a_fact_that_can_be_appealed(minutes: int) -> None:
    refusal = fact(record(occurred_at=at("12:00") + timedelta(minutes=minutes), received_at=at("12:00")))
    assert isinstance(refusal, CheckInRefused)
    assert (refusal.reason, refusal.attempted, refusal.appeal_until) == (
        "IMPOSSIBLE_TIME",
        "checked-in",
        at("12:00") + timedelta(days=3),
    )


def test_a_clock_a_little_ahead_is_no_crime() -> None:
    assert isinstance(fact(record(occurred_at=at("12:04"), received_at=at("12:00"))), CheckedIn)


def test_a_tap_for_somebody_else_is_refused() -> None:
    refusal = fact(record(employee=BUDI))
    assert (type(refusal), refusal.employee, getattr(refusal, "reason", "")) == (CheckInRefused, ANI, "SELF_MISMATCH")


def test_naming_oneself_is_fine() -> None:
    assert isinstance(fact(record(employee=ANI)), CheckedIn)


def test_the_same_tap_has_the_same_id_next_week_and_as_another_kind() -> None:
    expected = uuid5(NAMESPACE_URL, f"urn:piket:tap:32:{ANI}:{CLIENT}")
    later = record(received_at=at("07:21:09") + timedelta(days=7))
    assert {event_id(record()), event_id(later)} == {expected}


def test_another_press_is_another_tap() -> None:
    assert event_id(record()) != event_id(record(client_id=str(UUID(int=1))))


def outage(ends: str = "07:40", opds: tuple[str, ...] = ("DPMPTSP", "BKD"), grace: str = "10:00") -> ApplyOutage:
    when = {"from": at("07:00"), "to": at(ends), "grace_until": at(grace)}
    return ApplyOutage(region="32", outage="GANGGUAN-1", by="KEPALA_BKD", opds=opds, **when)


def test_an_outage_is_published_to_every_affected_opd() -> None:
    facts_by_stream = decide(decider, {}, outage())
    assert {stream: [type(fact) for fact in facts] for stream, facts in facts_by_stream.items()} == {
        "outages/32/DPMPTSP": [OutageApplied],
        "outages/32/BKD": [OutageApplied],
    }
    assert {fact.partition_key for facts in facts_by_stream.values() for fact in facts} == {"32/DPMPTSP", "32/BKD"}


def test_an_outage_on_record_is_published_only_to_opd_that_did_not_have_it() -> None:
    repeated = decide(decider, decide(decider, {}, outage()), outage(opds=("DPMPTSP", "BKD", "DISHUB")))
    assert list(repeated) == ["outages/32/DISHUB"]


@pytest.mark.parametrize("wrong", [{"ends": "07:00"}, {"ends": "06:59"}, {"grace": "07:39"}])
def test_an_outage_that_ends_before_it_began_is_rejected_in_both_languages(wrong: dict[str, str]) -> None:
    with pytest.raises(Invalid) as error:
        decide(decider, {}, outage(**wrong))  # type: ignore[arg-type]
    assert (error.value.pointer, bool(indonesian(error.value.message)), bool(english(error.value.message))) == (
        "/to",
        True,
        True,
    )


def test_an_outage_that_has_not_begun_is_rejected() -> None:
    with pytest.raises(Invalid) as error:
        decide(decider, {}, outage(), now=at("06:59"))
    assert (error.value.pointer, bool(indonesian(error.value.message)), bool(english(error.value.message))) == (
        "/from",
        True,
        True,
    )


def test_taps_change_nothing_that_is_decided_on() -> None:
    assert decider.evolve(decider.initial, fact(record())) == decider.initial


def test_an_outage_loses_nothing_on_its_way_from_the_request_to_the_command() -> None:
    request = OutageRequest.model_validate(outage().model_dump(exclude={"region"}) | {"channel": "KIOSK"})
    assert request.to_command("32").model_dump() == {"region": "32", **request.model_dump()}
