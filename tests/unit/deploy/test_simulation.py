"""A simulated morning on paper: who stood where, what their taps say of it, and what a report finds in the books."""

import random
import subprocess
import sys
from collections import Counter as Tally
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from deploy.http_client import Caller
from deploy.simulation.behaviour import Life, absent, cut_off, handed_in_late, lives, present, taking
from deploy.simulation.ground_truth import Stand, disclosed, heads, lived, steps
from deploy.simulation.report import Seen, books, differing, found, moments, states, verdict
from deploy.simulation.scenario_builder import Sign, Told
from deploy.simulation.shifts import Counter, Shift
from shared.domain.facts.coverage import Coverage, PostCoverage, UnitCoverage
from tests.support.example_facts import THURSDAY, at

ROOT = Path(__file__).parents[3]
LOKET = Counter("32", "DPMPTSP", "FRONT", "LOKET-1")
DEWI = Shift(*LOKET[:3], "FRONT", "dewi", "WFO", "LOKET-1", 450, 960, ((720, 780),))
ASEP = DEWI._replace(employee="asep", post="LOKET-2", breaks=((660, 720),))
EUIS = DEWI._replace(employee="euis", post="", mode="WFH")


def told(*lived_: Life) -> list[Stand]:
    return list(disclosed([press for life in lived_ for press in life.presses], [life.shift for life in lived_]))


def test_a_clerk_stands_from_the_begin_of_the_duty_to_its_end_but_for_the_break() -> None:
    life = present(DEWI, 430 * 60, 970 * 60)
    assert list(lived([life])) == told(life) == [Stand(LOKET, 450, 720), Stand(LOKET, 780, 960)]


def test_who_comes_late_and_leaves_early_stands_that_much_less() -> None:
    life = present(DEWI, 500 * 60 + 59, 700 * 60)
    assert list(lived([life])) == told(life) == [Stand(LOKET, 500, 700)]


def test_a_clock_that_is_wrong_says_another_minute_than_the_truth() -> None:
    life = present(DEWI, 500 * 60, 970 * 60, error=200)
    assert (next(lived([life])).start, told(life)[0].start) == (500, 503)


def test_who_is_at_home_or_absent_stands_nowhere() -> None:
    assert [*lived([present(EUIS, 0, 970 * 60), absent(DEWI)]), *told(present(EUIS, 440 * 60, 970 * 60))] == []


def test_a_colleague_who_takes_over_leaves_the_own_post_at_that_minute() -> None:
    life = taking(present(ASEP, 440 * 60, 970 * 60), 500 * 60, "FRONT", "LOKET-1")
    own = LOKET._replace(post="LOKET-2")
    assert list(lived([life])) == told(life) == [
        Stand(own, 450, 500), Stand(LOKET, 500, 660), Stand(LOKET, 720, 960),
    ]  # fmt: skip


def test_a_forgotten_check_out_ends_with_the_duty() -> None:
    life = present(DEWI, 440 * 60, 600 * 60)
    assert told(life._replace(presses=life.presses[:1]))[-1].end == 960


def test_a_tap_long_before_any_duty_says_nothing() -> None:
    assert told(present(DEWI, 200 * 60, 260 * 60)) == []


def test_a_press_without_a_signal_is_handed_in_later_and_tells_the_same() -> None:
    life = present(DEWI, 440 * 60, 970 * 60)
    late, cut = handed_in_late(life, 900), cut_off(life, 430 * 60, 460 * 60, random.Random(1))  # noqa: S311
    assert [life.presses[0].offline, late.presses[0].offline, cut.presses[0].offline] == [False, True, True]
    assert told(late) == told(cut) == told(life)
    assert 460 * 60 < cut.presses[0].sent < 465 * 60


def test_lives_are_drawn_by_the_seed_and_everybody_by_their_own_chance() -> None:
    duties = [DEWI._replace(employee=f"pegawai-{n}") for n in range(300)]
    one, other = list(lives(duties, 1)), list(lives(duties, 2))
    assert (one == list(lives(duties, 1)), one == other, list(lives(duties[:7], 1)) == one[:7]) == (True, False, True)
    assert any(life.came > 450 * 60 for life in one)
    assert any(press.offline for life in one for press in life.presses)
    assert list(lives([DEWI._replace(mode="AWAY")], 1)) == []


def test_steps_and_heads_tell_the_same() -> None:
    stands = [Stand(LOKET, 450, 720), Stand(LOKET, 500, 600), Stand(LOKET, -60, 30)]
    assert steps(stands)[LOKET] == [(0, 1), (30, 0), (450, 1), (500, 2), (600, 1), (720, 0)]
    assert [heads(stands, minute)[LOKET] for minute in (10, 499, 500, 720)] == [1, 1, 2, 0]


def seen(**lanes: Any) -> Seen:
    post = PostCoverage(required=((480, 1), (900, 0)), **lanes)
    row = Coverage(
        region="32", opd="DPMPTSP", service_date=THURSDAY, definition=1, revision=1,
        units={"FRONT": UnitCoverage(rostered=True, posts={"LOKET-1": post})},
    )  # fmt: skip
    return Seen({("32", "DPMPTSP"): row})


def test_a_post_that_differs_at_one_minute_is_divergent() -> None:
    stands, minutes = [Stand(LOKET, 450, 720)], [460, 500, 719]
    same, other = {LOKET: ((450, 1), (720, 0))}, {LOKET: ((461, 1), (720, 0))}
    assert differing(stands, same, [LOKET], minutes) == []
    assert differing(stands, other, [LOKET], minutes) == [LOKET]
    assert differing(stands, {}, [LOKET], minutes) == [LOKET]


def test_states_are_those_of_the_minutes_that_were_played() -> None:
    late = seen(known=((496, 1), (900, 0)), restated=((496, 1), (900, 0)))
    assert {name: n for name, n in states(late, (390, 540)).items() if n} == {"KRITIS": 1, "AMAN": 1, "TUTUP": 1}
    assert {name for name, n in states(late, (500, 540)).items() if n} == {"AMAN"}


@pytest.mark.parametrize(
    ("sign", "there"),
    [
        (Sign(LOKET, 485, "short"), True),
        (Sign(LOKET, 485, "met", "restated"), True),
        (Sign(LOKET, 485, "KRITIS"), True),
        (Sign(LOKET, 470, "TUTUP"), True),
        (Sign(LOKET, 485, "RAWAN"), False),
        (Sign(LOKET, 470, "met"), False),
        (Sign(LOKET, 500, "some"), True),
        (Sign(LOKET._replace(post="LOKET-9"), 500, "some"), False),
        (Sign(LOKET._replace(opd="BKD"), 500, "met"), False),
    ],
)
def test_a_planted_situation_is_found_by_what_the_view_tells(sign: Sign, there: bool) -> None:  # noqa: FBT001
    view = seen(known=((496, 1), (900, 0)), restated=((470, 1), (900, 0)))
    assert found({"it": [sign]}, view, [], at("00:00")) == {"it": there}


def test_a_situation_that_found_no_place_is_not_found() -> None:
    assert found({"it": []}, seen(), [], at("00:00")) == {"it": False}


def test_a_planted_tap_is_found_in_the_source_by_its_second_and_its_delay() -> None:
    tapped = {
        "source": "/piket/32/attendance", "type": "id.piket.attendance.checked-in.v1",
        "data": {"employee": "dewi", "offline": True, "occurred_at": at("07:21:08").isoformat(),
                 "received_at": (at("07:21:08") + timedelta(minutes=9)).isoformat()},
    }  # fmt: skip
    second = (7 * 60 + 21) * 60 + 8
    asked = [
        Told("32", "attendance", "checked-in", {"employee": "dewi", "second": second, "late": True}),
        Told("32", "attendance", "checked-in", {"employee": "asep"}),
        Told("3276", "attendance", "checked-in", {}),
        Told("32", "attendance", "checked-out", {}),
    ]
    assert [found({"it": [sign]}, seen(), [tapped], at("00:00"))["it"] for sign in asked] == [True, False, False, False]


class Nobody:
    """A caller that asked nobody: only its books are read."""

    def __init__(self, *ids: str) -> None:
        self.outcomes: Tally[str] = Tally({"accepted": 2})
        self.acknowledged = set(ids)


def test_what_was_promised_and_is_gone_is_lost_and_what_nobody_asked_for_is_a_phantom() -> None:
    a, b, c = (str(uuid4()) for _ in range(3))
    source = "/piket/32/policy"
    stored = [{"id": a, "source": source, "sequence": "1"}, {"id": c, "source": source, "sequence": "2"}]
    logged = Tally({(source, 1): 3, (source, 7): 1})
    caller: Any = Nobody(a, b)
    shown = books(caller, stored, logged)
    assert {name: shown[name] for name in ("events_stored", "events_in_kafka", "repeats", "lost", "phantom")} == {
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
    source, nobody = "/piket/32/policy", Nobody()
    caller: Any = nobody
    shown = books(caller, [{"id": str(uuid4()), "source": source, "sequence": "1", **event}], Tally({(source, 1): 1}))
    assert shown["phantom"] == phantom


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
    assert (verdict(good), len(verdict(bad))) == ([], 4)


def test_the_account_of_who_stood_where_needs_nothing_of_the_product() -> None:
    """But for the table of regions: `services` and what else is `shared` are never even loaded."""
    seen = (
        "import sys, deploy.simulation.ground_truth; "
        "print([m for m in sys.modules if m.startswith(('services', 'shared'))])"
    )
    loaded = subprocess.run([sys.executable, "-c", seen], check=True, capture_output=True, text=True, cwd=ROOT).stdout
    assert loaded.strip() == "['shared', 'shared.domain', 'shared.domain.places']"


def test_five_minutes_are_drawn_by_the_seed() -> None:
    assert moments(390, 540, 1) == moments(390, 540, 1) != moments(390, 540, 2)
    assert len(set(moments(390, 540, 1))) == 5


def test_a_caller_keeps_one_token_for_each_person_and_office() -> None:
    class Signs:
        def sign(self, subject: str, **_: object) -> str:
            return f"{subject}-{uuid4()}"

    signs: Any = Signs()
    caller = Caller(signs, signs)
    assert caller.official("PERSONNEL", "32", "BKD") == caller.official("PERSONNEL", "32", "BKD")
    assert caller.employee("32", "BKD", "dewi") != caller.employee("32", "BKD", "asep")
