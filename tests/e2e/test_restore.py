"""Runs the commands of the pages about backups and lost topics beside a running office on real Kafka."""

import asyncio
import json
import os
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from deploy.demo.processes import Stack
from deploy.local.deadlines import scaled
from deploy.local.kafka import Kafka
from shared.domain.envelope import topic
from shared.kafka import broker
from shared.kafka.connection import KafkaConnection
from tests.e2e.commands import check_in, open_office, reconcile
from tests.e2e.deployment import SERVICES, Deployment
from tests.support.documents import ROOT, commands_of
from tests.support.example_facts import at
from tests.support.office_setup import REGION, Office, on_site_body, require_success
from tests.support.story import MONDAY
from tests.support.waiting import LIMIT_S, wait_until

pytestmark = pytest.mark.parts

RESTORE, LOST_TOPIC = "docs/operations/backup-and-restore.md", "docs/operations/lost-topic.md"


@pytest_asyncio.fixture(params=["sqlite", "postgresql"])
async def site(request: pytest.FixtureRequest, tmp_path: Path, kafka: Kafka) -> AsyncIterator[Deployment]:
    """Run a deployment whose ended processes stay ended."""
    store = request.getfixturevalue("store_url") if request.param == "postgresql" else ""
    with Stack(tmp_path / "piket", kafka.bootstrap, at("09:00", MONDAY), store=store) as stack:
        async with httpx.AsyncClient(base_url=stack.url, timeout=scaled(LIMIT_S)) as http:
            yield Deployment(stack, kafka, Office(http, stack.issuer))


async def follow(site: Deployment, document: str, name: str) -> str:
    """Run a block of a document as written; return what it printed."""
    variables = {
        "PATH": f"{ROOT}:{os.environ['PATH']}",
        "BACKUPS": str(site.stack.folder / "backups"),
        "COLUMNS": "200",
    }
    process = await asyncio.create_subprocess_exec(
        *("bash", "-euc", commands_of(document, name)), env={**os.environ, **site.stack.environment, **variables},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    printed, _ = await asyncio.wait_for(process.communicate(), scaled(90))
    assert process.returncode == 0, printed.decode()
    return printed.decode()


async def start_again(site: Deployment, *names: str) -> None:
    site.stack.start(*names)
    await asyncio.to_thread(site.stack.wait_ready)


async def assert_log_is_truth(site: Deployment, truth: dict[str, list[dict[str, Any]]]) -> None:
    """Check that the log holds the stored events, and no other bytes for any of them."""
    for service, events in truth.items():
        bodies = defaultdict(set)
        for _, _, body in await site.kafka_records(service):
            bodies[int(json.loads(body)["sequence"])].add(body)
        assert sorted(bodies) == [int(event["sequence"]) for event in events]
        assert all(len(versions) == 1 for versions in bodies.values())


async def test_an_older_backup_is_refused_by_the_relay_and_completed_from_the_log(site: Deployment) -> None:
    await open_office(site)
    assert "attendance" in await follow(site, RESTORE, "backup")
    assert "the backup can be restored" in await follow(site, RESTORE, "check")
    tap = (f"/attendance/v1/{REGION}/check-ins", site.office.token("Asep"), on_site_body(), "tap-of-asep")
    require_success(await site.office.post(*tap))
    await check_in(site, "Rina")
    truth = {service: await site.stored_events(service) for service in SERVICES}
    site.stack.stop("app", "relay")

    assert "kept as replaced_" in await follow(site, RESTORE, "restore")
    site.stack.start("relay")
    await wait_until(lambda: not site.stack.running("relay"), 60, lambda: site.stack.log("relay")[-2000:])
    assert "`piket recover --from-log`" in site.stack.log("relay")
    site.stack.kill("relay")  # it has ended
    assert f"attendance in region {REGION}: 2 events were restored" in await follow(site, RESTORE, "recover")

    await start_again(site, "app", "relay")
    for service, events in truth.items():
        stored = await site.stored_events(service)
        assert stored[: len(events)] == events
        # When it starts, policy records what became due.
        assert not stored[len(events) :] or service == "policy", stored[len(events) :]
    require_success(await site.office.post(*tap))  # the phone did not get the answer and repeats
    await check_in(site, "Dewi")
    now = {service: await site.stored_events(service) for service in SERVICES}
    assert len(now["attendance"]) == len(truth["attendance"]) + 1
    await assert_log_is_truth(site, now)
    assert "0 OPD differ" in await follow(site, RESTORE, "compare")


async def delete_topic(site: Deployment, name: str) -> None:
    async with broker.admin_client(KafkaConnection(site.kafka.bootstrap)) as client:
        await client.delete_topics([name])

        async def is_deleted() -> bool:
            return name not in await client.list_topics()

        await wait_until(is_deleted)


@pytest.mark.parametrize("site", ["sqlite"], indirect=True)
async def test_a_lost_topic_is_sent_again_from_the_store(site: Deployment) -> None:
    await open_office(site)
    await check_in(site, "Rina")
    truth = {service: await site.stored_events(service) for service in SERVICES}
    site.stack.stop("relay")
    await delete_topic(site, topic(REGION, "attendance"))
    await follow(site, LOST_TOPIC, "create")
    assert f"All events of attendance in region {REGION} will be sent again" in await follow(
        site, LOST_TOPIC, "republish"
    )
    site.stack.start("relay")
    async with site.supervision():  # a worker ends when a topic of it is deleted
        await check_in(site, "Dewi")
        truth["attendance"] = await site.stored_events("attendance")
        await assert_log_is_truth(site, truth)
        assert (await reconcile(site))[0] == 0
