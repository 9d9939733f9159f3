"""Ten random kill -9 of each process while clerks press their buttons; afterwards everything is compared."""

import asyncio
import os
import random
import secrets
import time
from collections.abc import Sequence
from datetime import datetime

from rfc8785 import dumps

from shared.domain.envelope import FIRST_CHAIN, chain_holds, decode
from tests.e2e.clients import UNIT, Crowd
from tests.e2e.deployment import SERVICES, Deployment
from tests.e2e.ground_truth import minutes
from tests.support.example_facts import THURSDAY, at

KILLS_EACH = 10
SEED = int(os.environ.get("PIKET_SEED") or secrets.randbelow(2**31))


async def test_kills_of_api_relay_and_worker_change_nothing(deployment: Deployment, figures: list[str]) -> None:
    crowd = await opened(deployment, SEED, speed=500)
    stop = asyncio.Event()
    pressing = asyncio.create_task(crowd.press(stop))
    await havoc(deployment, random.Random(SEED))  # noqa: S311
    stop.set()
    await pressing
    await compared(deployment, crowd, figures)


async def test_a_stopped_broker_stops_no_check_in_and_the_backlog_drains_in_order(
    deployment: Deployment, figures: list[str]
) -> None:
    crowd = await opened(deployment, SEED + 1, speed=3_000)
    deployment.kafka.kill()
    stop = asyncio.Event()
    pressing = asyncio.create_task(crowd.press(stop))
    await asyncio.sleep(6)
    stop.set()
    await pressing
    assert crowd.retried == 0
    deployment.kafka.restart()
    async with deployment.supervised():
        await compared(deployment, crowd, figures)


async def opened(deployment: Deployment, seed: int, speed: float) -> Crowd:
    """An office with a crowd whose day runs so many times as fast: what is sent twice is recorded minutes later."""
    print(f"to repeat: PIKET_SEED={SEED} pytest tests/e2e/test_kills.py")
    await deployment.office.register()
    await deployment.office.place()
    deployment.stack.set_clock(at("05:00"))
    crowd = Crowd(deployment.office, random.Random(seed), deployment.stack.now)  # noqa: S311
    await crowd.gather()
    deployment.stack.set_clock(at("06:00"), speed)
    return crowd


async def havoc(deployment: Deployment, chance: random.Random) -> None:
    """Kill each process ten times in any order, and start it again at once."""
    victims = [name for name in ("app", "relay", "worker") for _ in range(KILLS_EACH)]
    chance.shuffle(victims)
    for name in victims:
        await asyncio.sleep(chance.uniform(0.2, 2.5))
        await asyncio.to_thread(deployment.stack.kill, name)
        deployment.stack.start(name)
    await asyncio.to_thread(deployment.stack.wait_ready)


async def compared(deployment: Deployment, crowd: Crowd, figures: list[str]) -> None:
    """Acknowledged ⊆ stored ⊆ Kafka ⊆ stored; the view is what the driver knows."""
    healed = time.monotonic()
    stored = {service: await deployment.stored(service) for service in SERVICES}
    seen = {f"/piket/32/{service}": len(events) for service, events in stored.items() if service != "policy"}
    row = await deployment.row(THURSDAY, seen, patience=60)
    exact = time.monotonic() - healed
    assert crowd.acknowledged <= {event["id"] for event in stored["attendance"]}
    for service, events in stored.items():
        assert chained(events)
        await same_in_kafka(deployment, service, events)
    posts = row.units[UNIT].posts
    assert {post: minutes(steps.restated) for post, steps in posts.items()} == crowd.truth.heads()
    recorded = {event["id"]: minute_of_day(event["recordedtime"]) for event in stored["attendance"]}
    assert {post: minutes(steps.known) for post, steps in posts.items()} == crowd.truth.heads(recorded)
    figures.append(
        f"seed {SEED}: {crowd.pressed} presses, {crowd.retried} retries, {len(stored['attendance'])} stored,"
        f" view exact {exact:.1f} s after the last fault"
    )


def minute_of_day(recorded: str) -> int:
    return int((datetime.fromisoformat(recorded) - at("00:00")).total_seconds() // 60)


def chained(events: Sequence[dict[str, str]]) -> bool:
    chains = [FIRST_CHAIN, *(event["chain"] for event in events)]
    sequences = [int(event["sequence"]) for event in events]
    whole = all(chain_holds(dumps(event), before) for event, before in zip(events, chains, strict=False))
    return whole and sequences == list(range(1, len(events) + 1))


async def same_in_kafka(deployment: Deployment, service: str, events: Sequence[dict[str, str]]) -> None:
    """What was stored before is there, and what is there is stored: policy may record meanwhile what has come due."""
    records = await deployment.in_kafka(service)
    bodies, later = {body for _, _, body in records}, await deployment.stored(service)
    assert {dumps(event) for event in events} <= bodies <= {dumps(event) for event in later}
    for partition in {number for number, _, _ in records}:
        firsts = list(dict.fromkeys(decode(body).sequence for number, _, body in records if number == partition))
        assert firsts == sorted(firsts)
