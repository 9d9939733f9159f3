"""Tests the behaviour of simulated people, and their actual and reported presence."""

import random
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

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
from deploy.simulation.shifts import PostId, SimulatedShift

ROOT = Path(__file__).parents[3]
LOKET = PostId("32", "DPMPTSP", "FRONT", "LOKET-1")
DEWI = SimulatedShift(*LOKET[:3], "FRONT", "dewi", "WFO", "LOKET-1", 450, 960, ((720, 780),))
ASEP = DEWI._replace(employee="asep", post="LOKET-2", breaks=((660, 720),))
EUIS = DEWI._replace(employee="euis", post="", mode="WFH")


def reported(*days: PersonDay) -> list[PostPresence]:
    return list(reported_presence([tap for day in days for tap in day.taps], [day.shift for day in days]))


def test_a_clerk_is_at_the_counter_from_the_begin_of_the_duty_to_its_end_except_the_break() -> None:
    person_day = present_day(DEWI, 430 * 60, 970 * 60)
    assert (
        list(actual_presence([person_day]))
        == reported(person_day)
        == [PostPresence(LOKET, 450, 720), PostPresence(LOKET, 780, 960)]
    )


def test_who_comes_late_and_leaves_early_is_at_the_counter_that_much_less() -> None:
    person_day = present_day(DEWI, 500 * 60 + 59, 700 * 60)
    assert list(actual_presence([person_day])) == reported(person_day) == [PostPresence(LOKET, 500, 700)]


def test_a_clock_that_is_wrong_says_another_minute_than_the_truth() -> None:
    person_day = present_day(DEWI, 500 * 60, 970 * 60, clock_error=200)
    assert (next(actual_presence([person_day])).start, reported(person_day)[0].start) == (500, 503)


def test_who_is_at_home_or_absent_is_at_no_counter() -> None:
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


def test_a_press_without_a_signal_is_submitted_later_with_the_same_content() -> None:
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


def test_the_account_of_who_was_where_needs_nothing_of_the_product() -> None:
    """It loads no module of `services`, and of `shared` only the table of regions."""
    program = (
        "import sys, deploy.simulation.ground_truth; "
        "print([m for m in sys.modules if m.startswith(('services', 'shared'))])"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, cwd=ROOT
    ).stdout
    assert loaded.strip() == "['shared', 'shared.domain', 'shared.domain.places']"


def test_a_caller_keeps_one_token_for_each_person_and_office() -> None:
    class StubIssuer:
        def sign(self, subject: str, **_: object) -> str:
            return f"{subject}-{uuid4()}"

    issuer: Any = StubIssuer()
    client = HttpClient(issuer, issuer)
    assert client.official_token("PERSONNEL", "32", "BKD") == client.official_token("PERSONNEL", "32", "BKD")
    assert client.employee_token("32", "BKD", "dewi") != client.employee_token("32", "BKD", "asep")
