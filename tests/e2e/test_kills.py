"""Ten random kill -9 of each process while clerks press their buttons; afterwards everything is compared."""

import asyncio
import random
import time
from collections.abc import Sequence

from rfc8785 import dumps

from shared.events import FIRST_CHAIN, chain_holds, decode
from tests.e2e.crowd import UNIT, Crowd
from tests.e2e.truth import minutes
from tests.e2e.world import SERVICES, Deployment
from tests.examples import THURSDAY, at

KILLS_EACH = 10
SEED = 20251106


async def test_kills_of_api_relay_and_worker_change_nothing(deployment: Deployment, figures: list[str]) -> None:
    crowd = await opened(deployment, SEED)
    stop = asyncio.Event()
    pressing = asyncio.create_task(crowd.press(stop))
    await havoc(deployment, random.Random(SEED))  # noqa: S311
    stop.set()
    await pressing
    await compared(deployment, crowd, figures)


async def test_a_stopped_broker_stops_no_check_in_and_the_backlog_drains_in_order(
    deployment: Deployment, figures: list[str]
) -> None:
    crowd = await opened(deployment, SEED + 1)
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


async def opened(deployment: Deployment, seed: int) -> Crowd:
    """An office with a crowd, on the evening of its day: every press is handed in later than it was made."""
    await deployment.office.register()
    await deployment.office.place()
    deployment.stack.set_clock(at("05:00"))
    crowd = Crowd(deployment.office, random.Random(seed))  # noqa: S311
    await crowd.gather()
    deployment.stack.set_clock(at("18:00"))
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
    known = {post: minutes(steps.restated) for post, steps in row.units[UNIT].posts.items()}
    assert known == crowd.truth.heads()
    figures.append(
        f"{crowd.pressed} presses, {crowd.retried} retries, {len(stored['attendance'])} stored,"
        f" view exact {exact:.1f} s after the last fault"
    )


def chained(events: Sequence[dict[str, str]]) -> bool:
    chains = [FIRST_CHAIN, *(event["chain"] for event in events)]
    sequences = [int(event["sequence"]) for event in events]
    whole = all(chain_holds(dumps(event), before) for event, before in zip(events, chains, strict=False))
    return whole and sequences == list(range(1, len(events) + 1))


async def same_in_kafka(deployment: Deployment, service: str, events: Sequence[dict[str, str]]) -> None:
    records = await deployment.in_kafka(service)
    assert {body for _, _, body in records} == {dumps(event) for event in events}
    for partition in {number for number, _, _ in records}:
        firsts = list(dict.fromkeys(decode(body).sequence for number, _, body in records if number == partition))
        assert firsts == sorted(firsts)
