"""Decides batches of commands without a database."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from uuid import UUID, uuid5

import pytest

from shared.domain import envelope
from shared.domain.batch import BatchState, DecisionSetup, Head, decide_batch
from shared.domain.decider import Context, Decide, KeyReused, Outcome, StoreCommand, VersionConflict
from shared.domain.envelope import FIRST_CHAIN
from shared.domain.errors import Invalid
from shared.domain.facts.base import Fact
from tests.support.example_facts import ANI, BUDI, at, refused_check_in, tap
from tests.support.messages import english

NOW = at("08:16")
FIRST = UUID("01990000-0000-7000-8000-000000000001")
ANIS_DAY = f"attendance/32/DPMPTSP/2025-11-06/{ANI}"
BUDIS_DAY = f"attendance/32/DPMPTSP/2025-11-06/{BUDI}"
COME = tap("in", ANI, NOW)


class Tally:
    """Counts the facts of a stream."""

    initial = 0

    def evolve(self, state: int, _: Fact, /) -> int:
        return state + 1


def setup(now: datetime = NOW) -> DecisionSetup[int]:
    return DecisionSetup("attendance", Tally(), Context(now, lambda: FIRST))


def empty_state() -> BatchState[int]:
    return BatchState(streams={}, heads={}, answers={}, outcomes_by_event_id={})


def decide_always(facts: Mapping[str, Sequence[Fact]]) -> Decide[int]:
    return lambda _states, _context: facts


def command(
    *facts: Fact, key: str = "k", fingerprint: str = "f", reads: Sequence[str] = (), expected_version: int | None = None
) -> StoreCommand[int]:
    return StoreCommand(
        "32",
        ANIS_DAY,
        decide_always({ANIS_DAY: facts}),
        "ani",
        key,
        fingerprint,
        reads=reads,
        expected_version=expected_version,
    )


def require_outcome(outcome: Outcome | Exception) -> Outcome:
    assert isinstance(outcome, Outcome)
    return outcome


def test_a_check_in_is_answered_201_with_its_place_in_stream_and_source() -> None:
    outcome = require_outcome(decide_batch([command(COME)], empty_state(), setup())[0])
    ref = outcome.answer.events[0]
    assert (outcome.answer.status, outcome.version, outcome.position, ref.streamversion, ref.sequence) == (
        201,
        1,
        1,
        1,
        1,
    )


def test_nothing_to_do_is_answered_200_with_the_head_of_the_source() -> None:
    outcomes = decide_batch([command(COME), command(key="again")], empty_state(), setup())
    assert (require_outcome(outcomes[1]).answer.status, require_outcome(outcomes[1]).position) == (200, 1)


def test_the_context_of_a_traced_command_is_beside_its_events_and_not_in_them() -> None:
    state = empty_state()
    traced = replace(command(COME, key="traced"), traceparent="00-ab-cd-01")
    decide_batch([command(COME), traced, replace(traced, traceparent="00-ef-cd-01")], state, setup())
    assert [(event.sequence, parent) for event, parent in state.traceparents] == [(2, "00-ab-cd-01")]
    assert [event.traceparent for sealed in state.appended for event, _ in sealed] == [None, None]


def test_a_refusal_is_a_fact_and_answered_409() -> None:
    outcome = require_outcome(decide_batch([command(refused_check_in(ANI, NOW))], empty_state(), setup())[0])
    assert (outcome.answer.status, outcome.position) == (409, 1)


def test_the_first_event_takes_the_id_of_the_tap_and_further_ones_derive_from_it() -> None:
    tap_id = UUID(int=7)
    both = StoreCommand(
        "32",
        ANIS_DAY,
        decide_always({ANIS_DAY: [COME, tap("take", ANI, NOW, post="LOKET-1")]}),
        "ani",
        "k",
        "f",
        event_id=tap_id,
    )
    refs = require_outcome(decide_batch([both], empty_state(), setup())[0]).answer.events
    assert [ref.id for ref in refs] == [tap_id, uuid5(tap_id, f"post-taken/{ANIS_DAY}/2")]


def test_the_time_is_the_taps_and_the_recorded_time_the_stores() -> None:
    state = empty_state()
    decide_batch([command(COME)], state, setup(NOW + timedelta(hours=2)))
    event = state.appended[0][0].event
    assert (event.time, event.recordedtime) == (NOW, NOW + timedelta(hours=2))


def test_the_recorded_time_never_goes_back() -> None:
    state = empty_state()
    state.heads["/piket/32/attendance"] = Head(4, NOW + timedelta(minutes=5), FIRST_CHAIN)
    decide_batch([command(COME)], state, setup(NOW))
    assert state.appended[0][0].event.recordedtime == NOW + timedelta(minutes=5)


def test_events_of_one_batch_are_chained_in_their_order() -> None:
    state = empty_state()
    decide_batch([command(COME, COME), command(COME, key="k2")], state, setup())
    chain, holds = FIRST_CHAIN, []
    for event, body in (event for events in state.appended for event in events):
        holds.append(envelope.is_chained_to(body, chain))
        chain = event.chain
    assert holds == [True, True, True]


def test_the_same_key_and_body_get_the_same_answer() -> None:
    first, second = decide_batch([command(COME), command(COME)], empty_state(), setup())
    assert (require_outcome(second).replayed, require_outcome(second).answer) == (True, require_outcome(first).answer)


def test_the_same_key_with_another_body_is_refused() -> None:
    outcomes = decide_batch([command(COME), command(COME, fingerprint="other")], empty_state(), setup())
    assert isinstance(outcomes[1], KeyReused)


def test_the_same_key_of_somebody_else_is_another_key() -> None:
    hers = StoreCommand("32", ANIS_DAY, decide_always({ANIS_DAY: [COME]}), "budi", "k", "other")
    assert not require_outcome(decide_batch([command(COME), hers], empty_state(), setup())[1]).replayed


def test_a_known_event_id_is_answered_as_before_whatever_the_key_and_stream() -> None:
    def tap_command(stream: str, key: str) -> StoreCommand[int]:
        return StoreCommand("32", stream, decide_always({stream: [COME]}), "ani", key, key, event_id=FIRST)

    state = empty_state()
    first, again = decide_batch([tap_command(ANIS_DAY, "a"), tap_command(BUDIS_DAY, "b")], state, setup())
    assert (require_outcome(again).answer, require_outcome(again).replayed, len(state.appended)) == (
        require_outcome(first).answer,
        True,
        1,
    )


@pytest.mark.parametrize(("expected", "conflicts"), [(0, True), (1, False), (2, True), (None, False)])
def test_a_client_that_saw_another_version_gets_a_conflict(expected: int | None, conflicts: bool) -> None:  # noqa: FBT001
    outcomes = decide_batch([command(COME), command(COME, key="k2", expected_version=expected)], empty_state(), setup())
    assert isinstance(outcomes[1], VersionConflict) == conflicts


def test_a_key_wins_over_an_expected_version() -> None:
    first = command(COME, expected_version=0)
    assert require_outcome(decide_batch([first, first], empty_state(), setup())[1]).replayed


def test_a_decider_sees_its_stream_and_what_it_reads_and_nothing_else() -> None:
    read: dict[str, int] = {}

    def record_states(states: Mapping[str, int], _: Context) -> Mapping[str, Sequence[Fact]]:
        read.update(states)
        return {}

    state = empty_state()
    state.streams.update({ANIS_DAY: (3, 3), BUDIS_DAY: (2, 2), "outages/32/DPMPTSP": (1, 1)})
    reads = ("attendance/32/DPMPTSP/", "placement/32/DPMPTSP")
    decide_batch(
        [StoreCommand("32", "attendance/32/DPMPTSP/x", record_states, "p", "k", "f", reads=reads)], state, setup()
    )
    assert read == {ANIS_DAY: 3, BUDIS_DAY: 2, "attendance/32/DPMPTSP/x": 0, "placement/32/DPMPTSP": 0}


def test_one_command_may_append_to_every_stream_it_read() -> None:
    both = StoreCommand(
        "32",
        ANIS_DAY,
        decide_always({ANIS_DAY: [COME], BUDIS_DAY: [COME, COME]}),
        "p",
        "k",
        "f",
        reads=("attendance/32/",),
    )
    refs = require_outcome(decide_batch([both], empty_state(), setup())[0]).answer.events
    assert [(ref.subject, ref.streamversion, ref.sequence) for ref in refs] == [
        (ANIS_DAY, 1, 1),
        (BUDIS_DAY, 1, 2),
        (BUDIS_DAY, 2, 3),
    ]


def test_a_stream_that_was_not_read_cannot_be_appended_to() -> None:
    blind = StoreCommand("32", ANIS_DAY, decide_always({BUDIS_DAY: [COME]}), "p", "k", "f")
    assert isinstance(decide_batch([blind], empty_state(), setup())[0], ValueError)


def test_a_fact_of_another_region_is_a_fault() -> None:
    foreign = tap("in", ANI, NOW, region="3271")
    assert isinstance(decide_batch([command(foreign)], empty_state(), setup())[0], ValueError)


def test_a_failing_command_adds_nothing_and_affects_no_other() -> None:
    faulty = command(COME, tap("in", ANI, NOW, region="3271"), key="faulty")
    state = empty_state()
    outcomes = decide_batch([command(COME), faulty, command(COME, key="k3")], state, setup())
    assert [require_outcome(outcomes[i]).position for i in (0, 2)] == [1, 2]


def test_every_region_has_its_own_sequence() -> None:
    bogor = "attendance/3271/DPMPTSP/2025-11-06/x"
    theirs = StoreCommand("3271", bogor, decide_always({bogor: [tap("in", ANI, NOW, region="3271")]}), "p", "k", "f")
    outcomes = decide_batch([command(COME), command(COME, key="k2"), theirs], empty_state(), setup())
    assert [require_outcome(outcome).position for outcome in outcomes] == [1, 2, 1]


def test_a_tap_at_0816_in_bandung_is_recorded_in_utc() -> None:
    in_bandung = NOW.astimezone(timezone(timedelta(hours=7)))
    state = empty_state()
    decide_batch([command(tap("in", ANI, in_bandung))], state, setup())
    assert b'"time":"2025-11-06T01:16:00Z"' in state.appended[0][0].body


def test_an_event_that_no_reader_would_take_is_not_stored() -> None:
    long = COME.model_copy(update={"client_id": "x" * 600_000})
    state = empty_state()
    (refusal,) = decide_batch([command(long)], state, setup())
    assert isinstance(refusal, Invalid)
    assert "at most 512 kB" in english(refusal.message)
    assert state.appended == []
