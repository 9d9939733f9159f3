"""Tests unreadable and missing records: dead letters, clear messages, and an equal view at the end."""

import subprocess
import sys
from pathlib import Path

from aiokafka import AIOKafkaProducer
from rfc8785 import dumps

from deploy.local.deadlines import scaled
from deploy.local.kafka import Kafka
from deploy.operations import sources
from deploy.operations.topics import create_topics
from shared.domain.envelope import topic
from shared.kafka.broker import admin_client, topic_sizes
from shared.kafka.connection import KafkaConnection
from shared.settings import Settings
from tests.e2e.deployment import Deployment, all_records
from tests.support.example_facts import THURSDAY, at
from tests.support.office_setup import OPD, REGION
from tests.support.story import watermark_of
from tests.support.waiting import read_until

KEY = f"{REGION}/{OPD}".encode()


async def test_unreadable_records_become_dead_letters_and_nothing_stops(deployment: Deployment) -> None:
    await open_counter(deployment)
    unknown = {"type": "id.piket.policy.moon-landed.v1", "subject": "moon/32", "sequence": "0" * 20}
    bad = [b"\xff\x00 no json", b"{}", dumps((await deployment.stored_events("policy"))[0] | unknown)]
    await send(deployment.kafka.bootstrap, topic(REGION, "policy"), bad)
    await send(deployment.kafka.bootstrap, topic(REGION, "attendance"), bad[:2])
    check_in = await deployment.office.tap("Asep")
    await deployment.row(THURSDAY, watermark_of(check_in.headers["piket-position"]))
    letters = await dead_letters(deployment, 2 * len(bad) + 2)
    assert sorted(letters) == sorted([*bad, *bad, *bad[:2]])
    assert deployment.stack.restart_ended() == []


async def test_a_topic_deleted_and_republished_ends_in_the_same_view(deployment: Deployment) -> None:
    await open_counter(deployment)
    before = (await deployment.row(THURSDAY, {"/piket/32/attendance": 1})).units
    deployment.stack.stop("relay")
    await recreate_topic(deployment.kafka.bootstrap, topic(REGION, "attendance"))
    stack = deployment.stack
    store = stack.environment["PIKET_STORE"]
    await sources.republish(Settings(folder=stack.folder, store=store), "attendance", REGION)
    deployment.stack.start("relay")
    async with deployment.supervision():
        deployment.stack.set_clock(at("09:00"))
        check_in = await deployment.office.tap("Asep")
        watermark = watermark_of(check_in.headers["piket-position"])
        after = (await deployment.row(THURSDAY, watermark, patience=60)).units
    assert after["FRONT"].posts["LOKET-2"] == before["FRONT"].posts["LOKET-2"]
    assert after["FRONT"].posts["LOKET-1"].known[:2] == ((480, 1), (540, 2))
    assert len(await deployment.kafka_records("attendance")) == 2


def test_without_topics_relay_and_worker_say_what_to_do_and_end(tmp_path: Path) -> None:
    with Kafka(tmp_path / "kafka") as kafka:
        for command in (["deploy.cli", "relay"], ["services.reporting.worker"]):
            settings = [f"PIKET_KAFKA={kafka.bootstrap}", f"PIKET_FOLDER={tmp_path}"]
            run = [sys.executable, "-m", *command]
            completed = subprocess.run(
                ["env", *settings, *run], capture_output=True, text=True, timeout=scaled(60), check=False
            )
            assert (completed.returncode != 0, "piket topics create" in completed.stderr) == (True, True), (
                completed.stderr
            )


async def open_counter(deployment: Deployment) -> None:
    """Set up the office on its Thursday, with Dewi at her post."""
    await deployment.office.prepare(THURSDAY)
    deployment.stack.set_clock(at("08:00"))
    check_in = await deployment.office.tap("Dewi")
    await deployment.row(THURSDAY, watermark_of(check_in.headers["piket-position"]))


async def send(bootstrap: str, name: str, values: list[bytes]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        for value in values:
            await producer.send_and_wait(name, value, key=KEY)


async def dead_letters(deployment: Deployment, count: int) -> list[bytes]:
    async def read_values() -> list[bytes]:
        records = await all_records(deployment.kafka.bootstrap, topic(REGION, "dead-letter"), 3)
        return [value for _, _, value in records]

    return await read_until(read_values, lambda values: len(values) >= count, every=0.2)


async def recreate_topic(bootstrap: str, name: str) -> None:
    async with admin_client(KafkaConnection(bootstrap)) as client:
        await client.delete_topics([name])
    await read_until(lambda: topic_sizes(KafkaConnection(bootstrap)), lambda sizes: name not in sizes)
    await create_topics(Settings(kafka=bootstrap), replication=1)
