"""Stops each process by SIGTERM, with Kafka and while it is away: it ends by itself, in time, with status 0."""

import asyncio
import sys
import time
from pathlib import Path

import pytest

from deploy.demo.processes import COMMANDS, Stack
from deploy.local.deadlines import scaled
from deploy.local.kafka import Kafka
from deploy.local.server_process import Child, free_ports
from tests.support.example_facts import THURSDAY, at
from tests.support.readiness import parts_on
from tests.support.waiting import block_until

pytestmark = pytest.mark.parts

ENDS_WITHIN_S = 10


@pytest.mark.parametrize("away", [False, True], ids=["with Kafka", "while Kafka is away"])
def test_every_process_ends_by_itself_in_time(tmp_path: Path, kafka: Kafka, *, away: bool) -> None:
    with Stack(tmp_path / "piket", kafka.bootstrap, at("08:00", THURSDAY)) as stack:
        block_until(lambda: parts_on(stack.port)[1]["reporting: view"]["state"] == "is current", 60)
        for name in ("relay", "worker"):
            block_until(lambda name=name: parts_on(stack.metrics[name])[0] == 200, 60)  # type: ignore[misc]
        reconcile = stack._children["reconcile"] = start_reconcile(stack)
        block_until(lambda: b"OPD differ from what is stored" in reconcile.logged(), 60)
        if away:
            kafka.kill()
            time.sleep(3)  # the processes notice it, and try again
        children = {name: stack._children.pop(name) for name in (*COMMANDS, "reconcile")}
        taken = asyncio.run(_stop_all(children))
    assert {name: child.status for name, child in children.items()} == dict.fromkeys(children, 0), taken
    assert max(taken.values()) < scaled(ENDS_WITHIN_S)


def start_reconcile(stack: Stack) -> Child:
    """Start `piket reconcile`, which compares every second."""
    settings = stack.environment | {"PIKET_METRICS_PORT": str(free_ports(1)[0])}
    variables = [f"{name}={value}" for name, value in settings.items()]
    command = ["env", *variables, sys.executable, "-m", "deploy.cli", "reconcile", "--every", "1"]
    return Child(command, stack.folder / "reconcile.log")


async def _stop_all(children: dict[str, Child]) -> dict[str, float]:
    async def stop(name: str) -> tuple[str, float]:
        start = time.monotonic()
        await asyncio.to_thread(children[name].stop, ENDS_WITHIN_S)
        return name, time.monotonic() - start

    return dict(await asyncio.gather(*map(stop, children)))
