"""Tests what every service can expect of its event store, on SQLite and PostgreSQL."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest

from deploy.local.postgresql import Postgresql
from shared.domain import envelope
from shared.domain.decider import Context, KeyReused, StoreCommand, VersionConflict
from shared.domain.facts.base import Fact
from shared.event_store.store import Store
from shared.event_store.stored_events import CommittedUntil, StoredEvent
from shared.event_store.stream_cache import MIN_CACHED_LENGTH
from shared.tracing.spans import current_traceparent
from tests.support.stores import (
    ANIS_DAY,
    BUDIS_DAY,
    MORNING,
    SettableClock,
    StoreUsers,
    all_events,
    check_in,
    command,
    is_chained,
)
from tests.support.traces import Traces


async def test_what_was_appended_is_read_again(store: Store[int]) -> None:
    await store.execute(command(ANIS_DAY, check_in(), check_in()))
    await store.execute(command(BUDIS_DAY))
    await store.execute(command(ANIS_DAY))
    assert [(e.streamversion, e.sequence) for e in await store.read_stream(ANIS_DAY)] == [(1, 1), (2, 2), (3, 4)]


async def test_the_feed_gives_the_sealed_bytes_after_a_position(store: Store[int]) -> None:
    await store.execute(command(ANIS_DAY, check_in(), check_in(), check_in()))
    page = await store.read_feed("32", after=1, limit=1)
    event = envelope.decode(page[0].body)
    assert page == [StoredEvent(2, event.id, event.type, "32/DPMPTSP", envelope.encode(event))]


async def test_the_context_of_a_traced_request_is_beside_its_events(store: Store[int], traces: Traces) -> None:
    await store.execute(command(ANIS_DAY))
    with traces.tracer.start_as_current_span("request"):
        expected = current_traceparent()
        await store.execute(command(ANIS_DAY, check_in(), check_in()))
    assert await store.read_traceparents("32", 1, 3) == {2: expected, 3: expected}
    assert await store.read_traceparents("32", 1, 2) == {2: expected}
    assert await store.read_traceparents("3271", 1, 3) == {}
    assert not [stored for stored in await store.read_feed("32") if b"traceparent" in stored.body]


async def test_a_repeated_request_keeps_the_context_of_the_first(store: Store[int], traces: Traces) -> None:
    repeated = command(ANIS_DAY)
    contexts = []
    for _ in range(2):
        with traces.tracer.start_as_current_span("request"):
            contexts.append(current_traceparent())
            await store.execute(repeated)
    assert await store.read_traceparents("32", 1, 1) == {1: contexts[0]}


async def test_state_version_head_and_regions_are_returned(store: Store[int]) -> None:
    await store.execute(command(ANIS_DAY, check_in(), check_in()))
    results = (
        await store.state(ANIS_DAY),
        await store.state(BUDIS_DAY),
        await store.head("32"),
        await store.head("3271"),
    )
    assert (*results, await store.regions()) == ((2, 2), (0, 0), 2, 0, ["32"])


async def test_a_long_stream_is_complete_after_another_process_appended(office: StoreUsers) -> None:
    """A cached stream never hides what another process has appended, read by name or below a prefix."""
    first, second = await office.store(), await office.store()
    await first.execute(command(ANIS_DAY, *[check_in()] * MIN_CACHED_LENGTH))
    lengths: list[int] = []

    def append_one(states: Mapping[str, int], _: Context) -> Mapping[str, Sequence[Fact]]:
        lengths.append(states[ANIS_DAY])
        return {ANIS_DAY: [check_in()]}

    for number, store in enumerate((first, second, first, first, second, second, first)):
        reads = (ANIS_DAY.rpartition("/")[0] + "/",) if number % 2 else ()
        await store.execute(StoreCommand("32", ANIS_DAY, append_one, "ani", f"key-{number}", "f", reads))
    assert lengths == [MIN_CACHED_LENGTH + n for n in range(7)]


async def test_what_a_failed_command_would_have_added_is_not_remembered(office: StoreUsers) -> None:
    store = await office.store()
    await store.execute(command(ANIS_DAY, *[check_in()] * MIN_CACHED_LENGTH))
    foreign = replace(command(ANIS_DAY), decide=lambda *_: {ANIS_DAY: [check_in(), check_in("3271")]})
    with pytest.raises(ValueError, match="3271"):
        await store.execute(foreign)
    outcome = await store.execute(command(ANIS_DAY, expected_version=MIN_CACHED_LENGTH))
    assert (outcome.version, len(await store.read_stream(ANIS_DAY))) == (MIN_CACHED_LENGTH + 1, MIN_CACHED_LENGTH + 1)


async def test_committed_until_waits_for_a_commit_that_is_running(office: StoreUsers) -> None:
    started = asyncio.Event()
    loop = asyncio.get_running_loop()

    def decide_slowly(_: Mapping[str, int], __: Context) -> Mapping[str, Sequence[Fact]]:
        loop.call_soon_threadsafe(started.set)
        time.sleep(0.3)  # recorded at its beginning, visible to others only at its end
        return {ANIS_DAY: [check_in()]}

    api, relay = await office.store(), await office.store()
    empty = await relay.committed_until("32")
    tap = asyncio.create_task(api.execute(StoreCommand("32", ANIS_DAY, decide_slowly, "p", "k", "f")))
    await started.wait()
    assert (empty, await relay.committed_until("32")) == (CommittedUntil(0, MORNING), CommittedUntil(1, MORNING))
    await tap


async def test_one_command_appends_to_several_streams(store: Store[int]) -> None:
    def decide(states: Mapping[str, int], _: Context) -> Mapping[str, Sequence[Fact]]:
        return {stream: [check_in()] * (count + 1) for stream, count in states.items()}

    await store.execute(command(BUDIS_DAY))
    outcome = await store.execute(StoreCommand("32", ANIS_DAY, decide, "p", "k", "f", reads=[BUDIS_DAY]))
    assert ((outcome.version, outcome.position), await store.state(BUDIS_DAY)) == ((1, 4), (3, 3))


STREAMS = ("policy/32/A", "policy/32/B-b", "policy/32/a", "policy/32/C/d", "policy/3271/A", "policy/32", "policy/320/A")
BELOW = {"policy/32/A": 1, "policy/32/B-b": 1, "policy/32/C/d": 1, "policy/32/a": 1}


async def states_read_below(store: Store[int], *prefixes: str) -> Mapping[str, int]:
    read: dict[str, int] = {}

    def record_states(states: Mapping[str, int], _: Context) -> Mapping[str, Sequence[Fact]]:
        read.update(states)
        return {}

    for stream in STREAMS:
        await store.execute(command(stream))
    await store.execute(StoreCommand("32", "instruments/32", record_states, "p", "k", "f", reads=prefixes))
    return read


async def test_a_prefix_reads_every_stream_below_and_none_beside(store: Store[int]) -> None:
    assert await states_read_below(store, "policy/32/") == {"instruments/32": 0, **BELOW}


async def test_prefixes_that_overlap_count_nothing_twice(store: Store[int]) -> None:
    assert await states_read_below(store, "policy/32/", "policy/32/C/") == {"instruments/32": 0, **BELOW}


async def test_the_states_below_a_prefix_are_returned(store: Store[int]) -> None:
    await states_read_below(store)
    assert await store.states("policy/32/") == BELOW


@pytest.mark.parts
async def test_the_language_of_the_server_does_not_change_what_is_below_a_prefix(postgresql: Postgresql) -> None:
    name = f"english_{uuid4().hex}"
    with psycopg.connect(postgresql.url, autocommit=True) as server:
        server.execute(
            f"CREATE DATABASE {name} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US-u-ka-shifted'".encode()
        )
    async with StoreUsers(postgresql.url.rpartition("/")[0] + "/" + name) as office:
        assert await states_read_below(await office.store(), "policy/32/") == {"instruments/32": 0, **BELOW}


async def test_a_stream_made_in_the_same_batch_is_read_below_its_prefix(store: Store[int]) -> None:
    def copy(states: Mapping[str, int], _: Context) -> Mapping[str, Sequence[Fact]]:
        return {"instruments/32": [check_in()] * sum(states.values())}

    reader = StoreCommand("32", "instruments/32", copy, "p", "k", "f", reads=["policy/32/"])
    outcomes = await asyncio.gather(*map(store.execute, (command("policy/32/A"), command("policy/32/B"), reader)))
    assert outcomes[2].version == 2


async def test_another_version_than_the_expected_one_is_a_conflict(store: Store[int]) -> None:
    await store.execute(command(expected_version=0))
    with pytest.raises(VersionConflict) as conflict:
        await store.execute(command(expected_version=0))
    assert (conflict.value.expected, conflict.value.actual) == (0, 1)


async def test_of_twenty_commands_with_the_same_expected_version_one_wins(store: Store[int]) -> None:
    tries = (store.execute(command(expected_version=0)) for _ in range(20))
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Outcome"] + ["VersionConflict"] * 19


async def test_a_repeated_key_gets_the_first_answer_again(store: Store[int]) -> None:
    first = await store.execute(command(key="k"))
    await store.execute(command())
    assert await store.execute(command(key="k")) == replace(first, replayed=True)


async def test_a_key_with_another_body_is_refused(store: Store[int]) -> None:
    await store.execute(command(key="k"))
    with pytest.raises(KeyReused):
        await store.execute(command(key="k", fingerprint="other"))


async def test_twenty_at_once_with_one_key_make_one_event(store: Store[int]) -> None:
    outcomes = await asyncio.gather(*(store.execute(command(key="k")) for _ in range(20)))
    assert ([o.replayed for o in outcomes].count(False), len(await all_events(store))) == (1, 1)


async def test_a_known_event_is_answered_again_under_any_key_in_any_stream(store: Store[int]) -> None:
    tap_id = uuid4()
    first = await store.execute(command(ANIS_DAY, check_in(), check_in(), event_id=tap_id))
    await store.execute(command(ANIS_DAY))
    again = await store.execute(command(BUDIS_DAY, event_id=tap_id))
    assert (again, len(await all_events(store))) == (replace(first, replayed=True), 3)


async def test_a_known_event_is_not_derived_again(store: Store[int]) -> None:
    def never(_: Mapping[str, int], __: Context) -> Mapping[str, Sequence[Fact]]:
        raise AssertionError

    tap_id = uuid4()
    await store.execute(command(event_id=tap_id))
    assert (await store.execute(replace(command(event_id=tap_id), decide=never))).replayed


async def test_a_derived_id_that_comes_back_as_a_tap_is_a_replay(store: Store[int]) -> None:
    outcome = await store.execute(command(ANIS_DAY, check_in(), check_in()))
    derived = outcome.answer.events[1]
    assert (await store.execute(command(event_id=derived.id))).answer.events == (derived,)


async def test_regions_in_one_database_have_their_own_contiguous_chained_logs(store: Store[int]) -> None:
    homes = ["32", "3271"] * 10
    await asyncio.gather(*(store.execute(command(f"attendance/{r}/x/{n}", region=r)) for n, r in enumerate(homes)))
    logs = [await all_events(store, region) for region in ("32", "3271")]
    expected = [(list(range(1, 11)), True)] * 2
    assert [([stored.sequence for stored in log], is_chained(log)) for log in logs] == expected


async def test_recorded_time_stays_monotone_when_the_clock_goes_back(office: StoreUsers) -> None:
    office.clock = watch = SettableClock()
    store = await office.store()
    for minutes in (0, 10, -30, 5, 20):
        watch.now = MORNING + timedelta(minutes=minutes)
        await store.execute(command())
    recorded = [event.recordedtime for event in await store.read_stream(ANIS_DAY)]
    assert [(time - MORNING).seconds // 60 for time in recorded] == [0, 10, 10, 10, 20]


async def test_a_fact_of_another_region_is_an_error_and_nothing_is_stored(store: Store[int]) -> None:
    with pytest.raises(ValueError, match="region 3271"):
        await store.execute(command(ANIS_DAY, check_in(), check_in("3271")))
    assert await all_events(store) == []
