"""What a relay makes of a topic, a mark or a store that was lost or restored."""

import asyncio
from pathlib import Path

import pytest

from shared import kafka
from shared.relay import LogAhead
from tests.feeds import TOPIC, Feed, create, delete, due, log_of, read_as, running, sent


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
    with pytest.raises(kafka.MissingTopics, match=rf"no topic {TOPIC}\. .* every event is kept in its store"):
        await Feed(1).relay(bootstrap, tmp_path / "mark").run()


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
