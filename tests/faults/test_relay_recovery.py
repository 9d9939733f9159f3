"""What a relay makes of a topic, a mark or a store that was lost or restored."""

import asyncio
import sys
from pathlib import Path

import pytest

from shared.kafka import broker
from shared.relay.relay import FeedBroken, LogAhead
from tests.support.in_memory_source import PARTITIONS, TOPIC, Feed, create, delete, due, log_of, read_as, running, sent


async def test_a_store_restored_from_an_older_backup_is_not_sent(bootstrap: str, tmp_path: Path) -> None:
    feed = Feed(100)
    async with running(feed.relay(bootstrap, tmp_path / "mark")):
        await sent(tmp_path / "mark", 100)
    with pytest.raises(LogAhead, match=r"holds an event 100 that the store does not.*piket recover --from-log"):
        await Feed(99).relay(bootstrap, tmp_path / "mark").run()


async def test_a_restored_store_that_went_on_by_itself_is_not_sent(bootstrap: str, tmp_path: Path) -> None:
    feed = Feed(100)
    async with running(feed.relay(bootstrap, tmp_path / "mark")):
        await sent(tmp_path / "mark", 100)
    other = Feed(150)
    other.stored[99] = other.stored[99]._replace(body=other.stored[99].body.replace(b"GEOFENCE", b"CLAIM"))
    with pytest.raises(LogAhead, match="recover --from-log"):
        await other.relay(bootstrap, tmp_path / "restored-mark").run()


async def test_a_relay_without_its_topic_refuses_to_start(bootstrap: str, tmp_path: Path) -> None:
    await delete(bootstrap)
    with pytest.raises(broker.MissingTopics, match=rf"no topic {TOPIC}\. .* every event is kept in its store"):
        await Feed(1).relay(bootstrap, tmp_path / "mark").run()


async def test_the_process_of_a_refused_relay_ends_with_the_sentence_and_status_1(
    bootstrap: str, tmp_path: Path
) -> None:
    await delete(bootstrap)
    command = [
        sys.executable,
        "-m",
        "tests.support.relay_process",
        f"sqlite:///{tmp_path}/a.db",
        bootstrap,
        str(tmp_path / "mark"),
    ]
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    _, said = await process.communicate()
    assert (process.returncode, said.decode().strip()) == (1, str(broker.absent_topics([TOPIC])))


async def test_bytes_that_are_no_event_at_the_end_of_the_topic_hold_nothing_up(bootstrap: str, tmp_path: Path) -> None:
    feed = Feed(50)
    async with running(feed.relay(bootstrap, tmp_path / "mark")):
        await sent(tmp_path / "mark", 50)
    stranger = broker.producer(bootstrap)
    await stranger.start()
    for place in range(PARTITIONS):
        await stranger.send_and_wait(TOPIC, b"\xff{", partition=place)
    await stranger.stop()
    feed.grow(50)
    async with running(feed.relay(bootstrap, tmp_path / "mark")):
        await sent(tmp_path / "mark", 100)
    log = await log_of(bootstrap)
    assert {place: [n for n in sequences if n] for place, sequences in log.items()} == due(feed.stored)


async def test_a_topic_lost_while_no_relay_ran_is_filled_again(bootstrap: str, tmp_path: Path) -> None:
    feed = Feed(2500)
    async with running(feed.relay(bootstrap, tmp_path / "mark")):
        await sent(tmp_path / "mark", 2500)
    await delete(bootstrap)
    await create(bootstrap)
    feed.grow(10)
    async with running(feed.relay(bootstrap, tmp_path / "mark")):
        await sent(tmp_path / "mark", 2510)
    assert await log_of(bootstrap) == due(feed.stored)


async def test_a_topic_lost_under_a_running_relay_is_filled_again(bootstrap: str, tmp_path: Path) -> None:
    feed = Feed(2500)
    async with running(feed.relay(bootstrap, tmp_path / "mark", patience=1.0)):
        await sent(tmp_path / "mark", 2500)
        await delete(bootstrap)
        feed.grow(10)
        await asyncio.sleep(2)
        await create(bootstrap)
        await sent(tmp_path / "mark", 2510)
    assert read_as(await log_of(bootstrap)) == due(feed.stored)


async def test_a_topic_made_anew_unnoticed_is_filled_again(bootstrap: str, tmp_path: Path) -> None:
    feed = Feed(2500)
    async with running(feed.relay(bootstrap, tmp_path / "mark")):
        await sent(tmp_path / "mark", 2500)
        await delete(bootstrap)
        await create(bootstrap)
        feed.grow(10)
        await sent(tmp_path / "mark", 2510)
    log = await log_of(bootstrap)
    assert {place: sorted(set(sequences)) for place, sequences in log.items()} == due(feed.stored)


async def test_a_lost_mark_only_repeats(bootstrap: str, tmp_path: Path) -> None:
    feed = Feed(1500)
    async with running(feed.relay(bootstrap, tmp_path / "mark")):
        await sent(tmp_path / "mark", 1500)
    (tmp_path / "mark").unlink()
    async with running(feed.relay(bootstrap, tmp_path / "mark")):
        await sent(tmp_path / "mark", 1500)
    assert read_as(await log_of(bootstrap)) == due(feed.stored)


async def test_a_feed_with_a_hole_is_not_sent_past_it(bootstrap: str, tmp_path: Path) -> None:
    feed = Feed(1500)
    del feed.stored[1200]
    with pytest.raises(FeedBroken, match="leaves out events after 1000"):
        await feed.relay(bootstrap, tmp_path / "mark").run()
    assert await log_of(bootstrap) == due(feed.stored[:1000])
