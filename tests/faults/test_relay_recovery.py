"""Tests what a relay does after a topic, a checkpoint or a store was lost or restored."""

import asyncio
import sys
from pathlib import Path

import pytest

from deploy.local.deadlines import scaled
from shared.kafka import broker
from shared.kafka.connection import KafkaConnection
from shared.relay.errors import FeedBroken, LogAhead
from tests.support.in_memory_source import (
    PARTITIONS,
    TOPIC,
    InMemorySource,
    create_topics,
    delete_topic,
    expected_sequences,
    read_sequences,
    running_relay,
    wait_until_sent,
    without_repeats,
)


async def test_a_store_restored_from_an_older_backup_is_not_sent(bootstrap: str, tmp_path: Path) -> None:
    feed = InMemorySource(100)
    async with running_relay(feed.relay(bootstrap, tmp_path / "checkpoint")):
        await wait_until_sent(tmp_path / "checkpoint", 100)
    with pytest.raises(LogAhead, match=r"holds event 100, which the store does not hold.*piket recover --from-log"):
        await InMemorySource(99).relay(bootstrap, tmp_path / "checkpoint").run()


async def test_a_restored_store_that_went_on_by_itself_is_not_sent(bootstrap: str, tmp_path: Path) -> None:
    feed = InMemorySource(100)
    async with running_relay(feed.relay(bootstrap, tmp_path / "checkpoint")):
        await wait_until_sent(tmp_path / "checkpoint", 100)
    restored = InMemorySource(150)
    restored.stored[99] = restored.stored[99]._replace(body=restored.stored[99].body.replace(b"GEOFENCE", b"CLAIM"))
    with pytest.raises(LogAhead, match="recover --from-log"):
        await restored.relay(bootstrap, tmp_path / "restored-checkpoint").run()


async def test_a_relay_without_its_topic_refuses_to_start(bootstrap: str, tmp_path: Path) -> None:
    await delete_topic(bootstrap)
    with pytest.raises(broker.MissingTopics, match=rf"no topic {TOPIC}\. .* all events remain in their store"):
        await InMemorySource(1).relay(bootstrap, tmp_path / "checkpoint").run()


async def test_the_process_of_a_refused_relay_ends_with_the_message_and_status_1(
    bootstrap: str, tmp_path: Path
) -> None:
    await delete_topic(bootstrap)
    command = [
        sys.executable,
        "-m",
        "tests.support.relay_process",
        f"sqlite:///{tmp_path}/a.db",
        bootstrap,
        str(tmp_path / "checkpoint"),
    ]
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    _, stderr = await process.communicate()
    assert (process.returncode, stderr.decode().strip()) == (1, str(broker.absent_topics_error([TOPIC])))


async def test_bytes_that_are_no_event_at_the_end_of_the_topic_hold_nothing_up(bootstrap: str, tmp_path: Path) -> None:
    feed = InMemorySource(50)
    async with running_relay(feed.relay(bootstrap, tmp_path / "checkpoint")):
        await wait_until_sent(tmp_path / "checkpoint", 50)
    foreign_producer = broker.producer(KafkaConnection(bootstrap))
    await foreign_producer.start()
    for partition in range(PARTITIONS):
        await foreign_producer.send_and_wait(TOPIC, b"\xff{", partition=partition)
    await foreign_producer.stop()
    feed.grow(50)
    async with running_relay(feed.relay(bootstrap, tmp_path / "checkpoint")):
        await wait_until_sent(tmp_path / "checkpoint", 100)
    log = await read_sequences(bootstrap)
    assert {partition: [n for n in sequences if n] for partition, sequences in log.items()} == expected_sequences(
        feed.stored
    )


async def test_a_topic_lost_while_no_relay_ran_is_filled_again(bootstrap: str, tmp_path: Path) -> None:
    feed = InMemorySource(2500)
    async with running_relay(feed.relay(bootstrap, tmp_path / "checkpoint")):
        await wait_until_sent(tmp_path / "checkpoint", 2500)
    await delete_topic(bootstrap)
    await create_topics(bootstrap)
    feed.grow(10)
    async with running_relay(feed.relay(bootstrap, tmp_path / "checkpoint")):
        await wait_until_sent(tmp_path / "checkpoint", 2510)
    assert await read_sequences(bootstrap) == expected_sequences(feed.stored)


async def test_a_topic_lost_under_a_running_relay_is_filled_again(bootstrap: str, tmp_path: Path) -> None:
    feed = InMemorySource(2500)
    async with running_relay(feed.relay(bootstrap, tmp_path / "checkpoint", timeout=1.0)):
        await wait_until_sent(tmp_path / "checkpoint", 2500)
        await delete_topic(bootstrap)
        feed.grow(10)
        await asyncio.sleep(scaled(2))  # longer than the relay waits for an answer: its timeout is scaled, too
        await create_topics(bootstrap)
        await wait_until_sent(tmp_path / "checkpoint", 2510)
    assert without_repeats(await read_sequences(bootstrap)) == expected_sequences(feed.stored)


async def test_a_topic_recreated_unnoticed_is_filled_again(bootstrap: str, tmp_path: Path) -> None:
    feed = InMemorySource(2500)
    async with running_relay(feed.relay(bootstrap, tmp_path / "checkpoint")):
        await wait_until_sent(tmp_path / "checkpoint", 2500)
        await delete_topic(bootstrap)
        await create_topics(bootstrap)
        feed.grow(10)
        await wait_until_sent(tmp_path / "checkpoint", 2510)
    log = await read_sequences(bootstrap)
    assert {partition: sorted(set(sequences)) for partition, sequences in log.items()} == expected_sequences(
        feed.stored
    )


async def test_a_lost_checkpoint_only_repeats(bootstrap: str, tmp_path: Path) -> None:
    feed = InMemorySource(1500)
    async with running_relay(feed.relay(bootstrap, tmp_path / "checkpoint")):
        await wait_until_sent(tmp_path / "checkpoint", 1500)
    (tmp_path / "checkpoint").unlink()
    async with running_relay(feed.relay(bootstrap, tmp_path / "checkpoint")):
        await wait_until_sent(tmp_path / "checkpoint", 1500)
    assert without_repeats(await read_sequences(bootstrap)) == expected_sequences(feed.stored)


async def test_a_feed_with_a_hole_is_not_sent_past_it(bootstrap: str, tmp_path: Path) -> None:
    feed = InMemorySource(1500)
    del feed.stored[1200]
    with pytest.raises(FeedBroken, match="skips events after 1000"):
        await feed.relay(bootstrap, tmp_path / "checkpoint").run()
    assert await read_sequences(bootstrap) == expected_sequences(feed.stored[:1000])
