"""Kills each process ten times (SIGKILL) while clerks tap, and compares everything afterwards."""

import asyncio
import random
import time
from collections.abc import Sequence
from datetime import datetime

from rfc8785 import dumps

from shared.domain.envelope import FIRST_CHAIN, decode, is_chained_to
from tests.e2e.clients import UNIT, Clerks
from tests.e2e.deployment import SERVICES, Deployment
from tests.e2e.ground_truth import counts_by_minute
from tests.support.example_facts import THURSDAY, at
from tests.support.figures import Figures
from tests.support.seeds import choose_seed

KILLS_PER_PROCESS = 10


async def test_kills_of_api_relay_and_worker_change_nothing(deployment: Deployment, figures: Figures) -> None:
    seed = choose_seed()
    clerks = await open_crowded_office(deployment, seed, speed=500)
    stop = asyncio.Event()
    tapping = asyncio.create_task(clerks.tap_until_stopped(stop))
    await kill_at_random(deployment, random.Random(seed))  # noqa: S311
    stop.set()
    await tapping
    await compare_all(deployment, clerks, figures)


async def test_a_stopped_broker_stops_no_check_in_and_the_backlog_drains_in_order(
    deployment: Deployment, figures: Figures
) -> None:
    clerks = await open_crowded_office(deployment, choose_seed(), speed=3_000)
    deployment.kafka.kill()
    stop = asyncio.Event()
    tapping = asyncio.create_task(clerks.tap_until_stopped(stop))
    await asyncio.sleep(6)  # five hours of the clerks' day
    stop.set()
    await tapping
    assert clerks.retry_count == 0
    deployment.kafka.restart()
    async with deployment.supervision():
        await compare_all(deployment, clerks, figures)


async def open_crowded_office(deployment: Deployment, seed: int, speed: float) -> Clerks:
    """Set up an office with clerks whose day runs at `speed`: so a tap that is sent again is recorded minutes later."""
    await deployment.office.register()
    await deployment.office.enrol_people()
    deployment.stack.set_clock(at("05:00"))
    clerks = Clerks(deployment.office, random.Random(seed), deployment.stack.now)  # noqa: S311
    await clerks.set_up()
    deployment.stack.set_clock(at("06:00"), speed)
    return clerks


async def kill_at_random(deployment: Deployment, generator: random.Random) -> None:
    """Kill each process ten times in random order, and restart it at once."""
    victims = [name for name in ("app", "relay", "worker") for _ in range(KILLS_PER_PROCESS)]
    generator.shuffle(victims)
    for name in victims:
        await asyncio.sleep(generator.uniform(0.2, 1.8))  # any moment of its work
        await asyncio.to_thread(deployment.stack.kill, name)
        deployment.stack.start(name)
    await asyncio.to_thread(deployment.stack.wait_ready)


async def compare_all(deployment: Deployment, clerks: Clerks, figures: Figures) -> None:
    """Check that acknowledged ⊆ stored ⊆ Kafka ⊆ stored, and that the view equals the ground truth."""
    healed_at = time.monotonic()
    stored = {service: await deployment.stored_events(service) for service in SERVICES}
    watermark = {f"/piket/32/{service}": len(events) for service, events in stored.items() if service != "policy"}
    row = await deployment.row(THURSDAY, watermark, patience=60)
    seconds_to_exactness = time.monotonic() - healed_at
    assert clerks.acknowledged <= {event["id"] for event in stored["attendance"]}
    for service, events in stored.items():
        assert is_chained(events)
        await check_kafka_records(deployment, service, events)
    posts = row.units[UNIT].posts
    assert {post: counts_by_minute(steps.restated) for post, steps in posts.items()} == clerks.truth.head_counts()
    recorded = {event["id"]: minute_of_day(event["recordedtime"]) for event in stored["attendance"]}
    assert {post: counts_by_minute(steps.known) for post, steps in posts.items()} == clerks.truth.head_counts(recorded)
    figures.append(
        f"{clerks.tap_count} presses, {clerks.retry_count} retries, {len(stored['attendance'])} stored,"
        f" view exact {seconds_to_exactness:.1f} s after the last fault"
    )


def minute_of_day(recorded: str) -> int:
    return int((datetime.fromisoformat(recorded) - at("00:00")).total_seconds() // 60)


def is_chained(events: Sequence[dict[str, str]]) -> bool:
    chains = [FIRST_CHAIN, *(event["chain"] for event in events)]
    sequences = [int(event["sequence"]) for event in events]
    intact = all(is_chained_to(dumps(event), before) for event, before in zip(events, chains, strict=False))
    return intact and sequences == list(range(1, len(events) + 1))


async def check_kafka_records(deployment: Deployment, service: str, events: Sequence[dict[str, str]]) -> None:
    """Check that Kafka has all stored events and no others. Policy may record due events meanwhile."""
    records = await deployment.kafka_records(service)
    bodies, later = {body for _, _, body in records}, await deployment.stored_events(service)
    assert {dumps(event) for event in events} <= bodies <= {dumps(event) for event in later}
    for partition in {number for number, _, _ in records}:
        firsts = list(dict.fromkeys(decode(body).sequence for number, _, body in records if number == partition))
        assert firsts == sorted(firsts)
