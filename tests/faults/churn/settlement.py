"""The end of a run: how long until every row is exact, and what became of every event, row and offset."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any, NamedTuple

from services.reporting.domain.partitions.partition_state import state_of
from services.reporting.worker.changelog import app_id, changelog_topic
from shared.domain.envelope import source, topic
from tests.faults.churn import comparison as verdict
from tests.faults.churn.fault_kinds import DEPLOYMENT, GAP, Scene
from tests.faults.churn.stores import SERVICES, Stores
from tests.faults.kafka_readback import View, committed, everything, sizes
from tests.faults.office_days import Offices, Row

EXACT_WITHIN_S = 90
COMMITTED_WITHIN_S = 20

Room = tuple[Offices, View]
"""What the driver knows of a region, and what the view shows of it."""


class Found(NamedTuple):
    """What is wrong, in sentences, and what was measured."""

    wrong: Sequence[str]
    figures: Mapping[str, Any]


async def reckon(regions: Sequence[str], scene: Scene, stores: Stores, rooms: Sequence[Room]) -> Found:
    """Compare all that the driver knows with what there is, once everything runs again and nobody comes any more."""
    bootstrap, healed = scene.cluster.bootstrap, monotonic()
    seen = [(o.expected(), await v.settled(o.expected(), EXACT_WITHIN_S)) for o, v in rooms]
    exact = monotonic()
    behind = await _behind([topic(region, service) for region in regions for service in SERVICES], bootstrap)
    kept = [await _kept(stores, bootstrap, region, service) for region in regions for service in SERVICES]
    rows = [line for both in seen for line in verdict.of_rows(*both)]
    events = [line for one in kept for line in verdict.of_events(one)]
    figures = {
        "seconds_to_exactness": round(exact - healed, 2),
        "seconds_from_last_kill": round(exact - scene.last_kill, 2),
        **_of_events(kept),
        **_of_rows(seen, [view for _, view in rooms]),
        **_of_processes(scene),
        "worker_repeats": await _folded_again(bootstrap),
    }
    return Found([*scene.wrong, *rows, *behind, *events], figures)


async def _behind(topics: Sequence[str], bootstrap: str) -> list[str]:
    """What is not committed to its end, after some patience."""
    deadline = monotonic() + COMMITTED_WITHIN_S
    while True:
        behind: list[str] = []
        for name in topics:
            ends, at = await sizes(bootstrap, name), await committed(bootstrap, app_id(DEPLOYMENT), name)
            behind += verdict.of_offsets(name, ends, at)
        if not behind or monotonic() > deadline:
            return behind
        await asyncio.sleep(0.5)


async def _kept(stores: Stores, bootstrap: str, region: str, service: str) -> verdict.Kept:
    logged = [record.value for record in await everything(bootstrap, topic(region, service))]
    return verdict.Kept(source(region, service), await stores.stored(service, region), logged)


async def _folded_again(bootstrap: str) -> int:
    """Facts that were written to the changelog more than once: their batch was read again after a fault."""
    logged = await everything(bootstrap, changelog_topic(DEPLOYMENT))
    written = [record.key for record in logged if record.value and not state_of(record.key)]
    return len(written) - len(set(written))


def _of_events(kept: Sequence[verdict.Kept]) -> dict[str, int]:
    return {"events": sum(len(one.stored) for one in kept), "relay_repeats": sum(one.repeats for one in kept)}


def _of_rows(seen: Sequence[tuple[Mapping[str, Row], Mapping[str, Row]]], views: Sequence[View]) -> dict[str, int]:
    off = [verdict.off(*both) for both in seen]
    return {
        "rows": sum(len(expected) for expected, _ in seen),
        "facts_lost": sum(lost for lost, _ in off),
        "facts_doubled": sum(doubled for _, doubled in off),
        "rows_published": sum(view.published for view in views),
        "rows_gone_back": sum(view.gone_back for view in views),
    }


def _of_processes(scene: Scene) -> dict[str, Any]:
    """What was killed, and what ended by itself: a gap is the assertion against skips, those planted apart."""
    ended = scene.processes.ended
    return {
        "kills": sum(scene.killed.values()),
        "killed": dict(scene.killed),
        "planted_skips_caught": scene.skips_caught,
        "gap_assertions": sum(GAP.search(one.said) is not None for one in ended),
        "own_ends": len(ended),
        "own_ends_by_cause": dict(Counter(one.cause for one in ended)),
        "ended": [one._asdict() for one in ended],
    }
