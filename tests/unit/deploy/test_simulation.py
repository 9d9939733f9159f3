"""Tests the simulation without a deployment: behaviour of people, actual and reported presence, report."""

import random
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from deploy.http_client import HttpClient
from deploy.simulation.behaviour import (
    PersonDay,
    absent_day,
    delay_taps_during,
    draw_days,
    present_day,
    send_first_tap_late,
    take_over_post,
)
from deploy.simulation.ground_truth import (
    PostPresence,
    actual_presence,
    head_count_steps,
    head_counts,
    reported_presence,
)
from deploy.simulation.report import (
    ViewRows,
    differing_posts,
    event_figures,
    failures,
    recognised_situations,
    sample_minutes,
    state_counts,
)
from deploy.simulation.scenario_builder import ExpectedEvent, ExpectedStatus
from deploy.simulation.shifts import PostId, SimulatedShift
from shared.domain.facts.coverage import Coverage, PostCoverage, UnitCoverage
from tests.support.example_facts import THURSDAY, at

ROOT = Path(__file__).parents[3]
LOKET = PostId("32", "DPMPTSP", "FRONT", "LOKET-1")
DEWI = SimulatedShift(*LOKET[:3], "FRONT", "dewi", "WFO", "LOKET-1", 450, 960, ((720, 780),))
ASEP = DEWI._replace(employee="asep", post="LOKET-2", breaks=((660, 720),))
EUIS = DEWI._replace(employee="euis", post="", mode="WFH")


def reported(*days: PersonDay) -> list[PostPresence]:
    return list(reported_presence([tap for day in days for tap in day.taps], [day.shift for day in days]))


def test_a_clerk_stands_from_the_begin_of_the_duty_to_its_end_but_for_the_break() -> None:
    person_day = present_day(DEWI, 430 * 60, 970 * 60)
    assert (
        list(actual_presence([person_day]))
        == reported(person_day)
        == [PostPresence(LOKET, 450, 720), PostPresence(LOKET, 780, 960)]
    )


def test_who_comes_late_and_leaves_early_stands_that_much_less() -> None:
    person_day = present_day(DEWI, 500 * 60 + 59, 700 * 60)
    assert list(actual_presence([person_day])) == reported(person_day) == [PostPresence(LOKET, 500, 700)]


def test_a_clock_that_is_wrong_says_another_minute_than_the_truth() -> None:
    person_day = present_day(DEWI, 500 * 60, 970 * 60, clock_error=200)
    assert (next(actual_presence([person_day])).start, reported(person_day)[0].start) == (500, 503)


def test_who_is_at_home_or_absent_stands_nowhere() -> None:
    assert [
        *actual_presence([present_day(EUIS, 0, 970 * 60), absent_day(DEWI)]),
        *reported(present_day(EUIS, 440 * 60, 970 * 60)),
    ] == []


def test_a_colleague_who_takes_over_leaves_the_own_post_at_that_minute() -> None:
    person_day = take_over_post(present_day(ASEP, 440 * 60, 970 * 60), 500 * 60, "FRONT", "LOKET-1")
    first_post = LOKET._replace(post="LOKET-2")
    assert list(actual_presence([person_day])) == reported(person_day) == [
        PostPresence(first_post, 450, 500), PostPresence(LOKET, 500, 660), PostPresence(LOKET, 720, 960),
    ]  # fmt: skip


def test_a_forgotten_check_out_ends_with_the_duty() -> None:
    person_day = present_day(DEWI, 440 * 60, 600 * 60)
    assert reported(person_day._replace(taps=person_day.taps[:1]))[-1].end == 960


def test_a_tap_long_before_any_duty_says_nothing() -> None:
    assert reported(present_day(DEWI, 200 * 60, 260 * 60)) == []


def test_a_press_without_a_signal_is_handed_in_later_and_tells_the_same() -> None:
    person_day = present_day(DEWI, 440 * 60, 970 * 60)
    late = send_first_tap_late(person_day, 900)
    cut = delay_taps_during(person_day, 430 * 60, 460 * 60, random.Random(1))  # noqa: S311
    assert [person_day.taps[0].offline, late.taps[0].offline, cut.taps[0].offline] == [False, True, True]
    assert reported(late) == reported(cut) == reported(person_day)
    assert 460 * 60 < cut.taps[0].sent_at < 465 * 60


def test_lives_are_drawn_by_the_seed_and_everybody_by_their_own_chance() -> None:
    duties = [DEWI._replace(employee=f"pegawai-{n}") for n in range(300)]
    first, second = list(draw_days(duties, 1)), list(draw_days(duties, 2))
    assert (first == list(draw_days(duties, 1)), first == second) == (True, False)
    assert list(draw_days(duties[:7], 1)) == first[:7]
    assert any(person_day.arrival > 450 * 60 for person_day in first)
    assert any(tap.offline for person_day in first for tap in person_day.taps)
    assert list(draw_days([DEWI._replace(mode="AWAY")], 1)) == []


def test_steps_and_heads_tell_the_same() -> None:
    presences = [PostPresence(LOKET, 450, 720), PostPresence(LOKET, 500, 600), PostPresence(LOKET, -60, 30)]
    assert head_count_steps(presences)[LOKET] == [(0, 1), (30, 0), (450, 1), (500, 2), (600, 1), (720, 0)]
    assert [head_counts(presences, minute)[LOKET] for minute in (10, 499, 500, 720)] == [1, 1, 2, 0]


def view_of(**lanes: Any) -> ViewRows:
    post = PostCoverage(required=((480, 1), (900, 0)), **lanes)
    row = Coverage(
        region="32", opd="DPMPTSP", service_date=THURSDAY, definition=1, revision=1,
        units={"FRONT": UnitCoverage(rostered=True, posts={"LOKET-1": post})},
    )  # fmt: skip
    return ViewRows({("32", "DPMPTSP"): row})


def test_a_post_that_differs_at_one_minute_is_divergent() -> None:
    presences, minutes = [PostPresence(LOKET, 450, 720)], [460, 500, 719]
    same, different = {LOKET: ((450, 1), (720, 0))}, {LOKET: ((461, 1), (720, 0))}
    assert differing_posts(presences, same, [LOKET], minutes) == []
    assert differing_posts(presences, different, [LOKET], minutes) == [LOKET]
    assert differing_posts(presences, {}, [LOKET], minutes) == [LOKET]


def test_states_are_those_of_the_minutes_that_were_played() -> None:
    late = view_of(known=((496, 1), (900, 0)), restated=((496, 1), (900, 0)))
    assert {name: n for name, n in state_counts(late, (390, 540)).items() if n} == {"KRITIS": 1, "AMAN": 1, "TUTUP": 1}
    assert {name for name, n in state_counts(late, (500, 540)).items() if n} == {"AMAN"}


@pytest.mark.parametrize(
    ("expectation", "is_recognised"),
    [
        (ExpectedStatus(LOKET, 485, "short"), True),
        (ExpectedStatus(LOKET, 485, "met", "restated"), True),
        (ExpectedStatus(LOKET, 485, "KRITIS"), True),
        (ExpectedStatus(LOKET, 470, "TUTUP"), True),
        (ExpectedStatus(LOKET, 485, "RAWAN"), False),
        (ExpectedStatus(LOKET, 470, "met"), False),
        (ExpectedStatus(LOKET, 500, "some"), True),
        (ExpectedStatus(LOKET._replace(post="LOKET-9"), 500, "some"), False),
        (ExpectedStatus(LOKET._replace(opd="BKD"), 500, "met"), False),
    ],
)
def test_a_planted_situation_is_found_by_what_the_view_tells(expectation: ExpectedStatus, is_recognised: bool) -> None:  # noqa: FBT001
    view = view_of(known=((496, 1), (900, 0)), restated=((470, 1), (900, 0)))
    assert recognised_situations({"it": [expectation]}, view, [], at("00:00")) == {"it": is_recognised}


def test_a_situation_that_found_no_place_is_not_found() -> None:
    assert recognised_situations({"it": []}, view_of(), [], at("00:00")) == {"it": False}


def test_a_planted_tap_is_found_in_the_source_by_its_second_and_its_delay() -> None:
    tapped = {
        "source": "/piket/32/attendance", "type": "id.piket.attendance.checked-in.v1",
        "data": {"employee": "dewi", "offline": True, "occurred_at": at("07:21:08").isoformat(),
                 "received_at": (at("07:21:08") + timedelta(minutes=9)).isoformat()},
    }  # fmt: skip
    second = (7 * 60 + 21) * 60 + 8
    expected = [
        ExpectedEvent("32", "attendance", "checked-in", {"employee": "dewi", "second": second, "late": True}),
        ExpectedEvent("32", "attendance", "checked-in", {"employee": "asep"}),
        ExpectedEvent("3276", "attendance", "checked-in", {}),
        ExpectedEvent("32", "attendance", "checked-out", {}),
    ]
    recognised = [recognised_situations({"it": [event]}, view_of(), [tapped], at("00:00"))["it"] for event in expected]
    assert recognised == [True, False, False, False]


class StubClient:
    """An HTTP client that sends nothing: only its counters are read."""

    def __init__(self, *ids: str) -> None:
        self.outcomes: Counter[str] = Counter({"accepted": 2})
        self.acknowledged = set(ids)


def test_what_was_promised_and_is_gone_is_lost_and_what_nobody_asked_for_is_a_phantom() -> None:
    a, b, c = (str(uuid4()) for _ in range(3))
    source = "/piket/32/policy"
    stored = [{"id": a, "source": source, "sequence": "1"}, {"id": c, "source": source, "sequence": "2"}]
    logged = Counter({(source, 1): 3, (source, 7): 1})
    client: Any = StubClient(a, b)
    figures = event_figures(client, stored, logged)
    assert {name: figures[name] for name in ("events_stored", "events_in_kafka", "repeats", "lost", "phantom")} == {
        "events_stored": 2, "events_in_kafka": 2, "repeats": 2, "lost": 2, "phantom": 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("event", "phantom"),
    [
        ({"type": "id.piket.policy.instrument-reached.v1"}, 0),
        ({"type": "id.piket.policy.policy-changed.v1", "data": {"change": {"kind": "IN_FORCE"}}}, 0),
        ({"type": "id.piket.policy.policy-changed.v1", "data": {"change": {"kind": "ENACTED"}}}, 1),
    ],
)
def test_what_policy_records_because_a_date_has_come_is_no_phantom(event: dict[str, Any], phantom: int) -> None:
    source = "/piket/32/policy"
    client: Any = StubClient()
    stored = [{"id": str(uuid4()), "source": source, "sequence": "1", **event}]
    figures = event_figures(client, stored, Counter({(source, 1): 1}))
    assert figures["phantom"] == phantom


def test_a_report_that_shows_everything_has_no_fault_and_any_other_says_each() -> None:
    good = {
        "lost": 0,
        "phantom": 0,
        "divergent_posts": 0,
        "states_seen": {"AMAN": 3},
        "planted_found": {"no_show": True},
    }
    bad = {
        "lost": 1,
        "phantom": 0,
        "divergent_posts": 2,
        "states_seen": {"AMAN": 0},
        "planted_found": {"no_show": False},
    }
    assert (failures(good), len(failures(bad))) == ([], 4)


def test_the_account_of_who_stood_where_needs_nothing_of_the_product() -> None:
    """It loads no module of `services`, and of `shared` only the table of regions."""
    program = (
        "import sys, deploy.simulation.ground_truth; "
        "print([m for m in sys.modules if m.startswith(('services', 'shared'))])"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, cwd=ROOT
    ).stdout
    assert loaded.strip() == "['shared', 'shared.domain', 'shared.domain.places']"


def test_five_minutes_are_drawn_by_the_seed() -> None:
    assert sample_minutes(390, 540, 1) == sample_minutes(390, 540, 1) != sample_minutes(390, 540, 2)
    assert len(set(sample_minutes(390, 540, 1))) == 5


def test_a_caller_keeps_one_token_for_each_person_and_office() -> None:
    class StubIssuer:
        def sign(self, subject: str, **_: object) -> str:
            return f"{subject}-{uuid4()}"

    issuer: Any = StubIssuer()
    client = HttpClient(issuer, issuer)
    assert client.official_token("PERSONNEL", "32", "BKD") == client.official_token("PERSONNEL", "32", "BKD")
    assert client.employee_token("32", "BKD", "dewi") != client.employee_token("32", "BKD", "asep")
