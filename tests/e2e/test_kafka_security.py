"""A broker that checks users and rights: the whole path with least rights, two governments apart, clear refusals."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from aiokafka import TopicPartition
from structlog.testing import capture_logs

from deploy.demo.processes import Stack
from deploy.doctor.judgement.log import judge_rights
from deploy.doctor.probes.log import observe_rights
from deploy.doctor.probes.signals import Examination
from deploy.kafka_rights.granting import apply_rights
from deploy.kafka_rights.protocol import rights_client, set_passwords
from deploy.kafka_rights.table import Operation, ResourceKind
from deploy.kafka_rights.users import Grant, user_name, users
from deploy.local.deadlines import scaled
from deploy.local.kafka import Kafka
from services.reporting.view.consumer import follow_coverage
from services.reporting.view.rows import CoverageView
from shared.kafka import broker
from shared.kafka.access import explained
from shared.kafka.closing import started
from shared.kafka.connection import KafkaConnection
from shared.kafka.errors import AccessRefused
from shared.projection.consumer import ConsumedRecord, follow_topics
from shared.projection.offsets import OffsetMark, Partition
from shared.projection.reading import Reading
from shared.relay.checkpoints import files
from shared.relay.heartbeat import cancelled_after
from shared.relay.log_tail import assigned_consumer, check_readable
from shared.settings import Settings
from tests.e2e.commands import start_piket
from tests.e2e.deployment import Deployment
from tests.e2e.secured_kafka import CITY, PROVINCE, SecuredKafka, secured_kafka
from tests.support.example_facts import at
from tests.support.in_memory_source import InMemorySource, running_relay, wait_until_sent
from tests.support.office_setup import Office
from tests.support.story import MONDAY, play
from tests.support.waiting import LIMIT_S, read_until, wait_until

pytestmark = pytest.mark.parts


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    with secured_kafka(tmp_path_factory.mktemp("secured")) as secured:
        yield secured


@pytest_asyncio.fixture
async def deployment(tmp_path: Path, kafka: SecuredKafka) -> AsyncIterator[Deployment]:
    """Run the processes of the province, each as a user of its own."""
    stack = Stack(tmp_path / "piket", kafka.kafka.servers_for_users, at("09:00", MONDAY))
    stack.own_environments = {name: kafka.environment(name) for name in ("app", "relay", "worker")}
    with stack:
        async with httpx.AsyncClient(base_url=stack.url, timeout=scaled(LIMIT_S)) as http:
            yield Deployment(stack, kafka.kafka, Office(http, stack.issuer))


async def records_of(kafka: SecuredKafka, topic: str) -> int:
    partitions = [TopicPartition(topic, number) for number in range(3)]
    async with assigned_consumer(kafka.kafka.connection, partitions, 5_000) as consumer:
        return sum((await consumer.end_offsets(partitions)).values())


async def records_read(connection: KafkaConnection, topic: str) -> int:
    """Return how many records of a topic a user can read from its beginning."""
    partitions = [TopicPartition(topic, number) for number in range(3)]
    async with assigned_consumer(connection, partitions, 1_000) as consumer:
        for partition in partitions:
            consumer.seek(partition, 0)
        return sum(len(records) for records in (await consumer.getmany(timeout_ms=1_000)).values())


async def send(connection: KafkaConnection, topic: str) -> None:
    async with explained(connection), started(broker.producer(connection, 5_000)) as producer:
        await producer.send_and_wait(topic, b"{}", key=b"k")


async def test_the_story_of_one_office_is_played_by_users_that_have_no_other_rights(
    deployment: Deployment, kafka: SecuredKafka
) -> None:
    await play(deployment.story_environment)
    stack = deployment.stack
    assert stack.restart_ended() == []
    for name, pid in stack.pids.items():
        password, process = kafka.password(name), Path(f"/proc/{pid}")
        assert password not in stack.log(name)
        assert password.encode() not in (process / "cmdline").read_bytes() + (process / "environ").read_bytes()


@pytest.mark.parametrize(
    ("role", "deployment", "topic"),
    [
        ("relay-attendance", CITY, "piket.32.attendance.v1"),
        ("relay", CITY, "piket.32.roster.v1"),
        ("worker", CITY, "piket.32.coverage.v1"),
        ("operator", CITY, "piket.32.policy.v1"),
        ("relay-attendance", CITY, "piket.3276.roster.v1"),
        ("relay", PROVINCE, "piket.3276.attendance.v1"),
        ("roster", CITY, "piket.3276.policy.v1"),
    ],
)
async def test_a_record_on_a_topic_of_another_region_or_service_is_refused_and_not_stored(
    kafka: SecuredKafka, role: str, deployment: str, topic: str
) -> None:
    before = await records_of(kafka, topic)
    with pytest.raises(AccessRefused, match=rf"refuses the user piket-{deployment}-{role} a right on a topic"):
        await send(kafka.connection(role, deployment), topic)
    assert await records_of(kafka, topic) == before


async def test_a_subscriber_reads_its_region_and_writes_nowhere(kafka: SecuredKafka) -> None:
    subscriber = kafka.connection("subscriber", CITY, "3276")
    await check_readable(subscriber, ["piket.3276.roster.v1"])
    assert "piket.3276.roster.v1" in await broker.topic_sizes(subscriber)
    assert not [name for name in await broker.topic_sizes(subscriber) if ".32." in name]
    with pytest.raises(AccessRefused, match="to write to any topic"):
        await send(subscriber, "piket.3276.roster.v1")


@pytest.mark.parametrize("role", ["relay-attendance", "worker", "reporting", "operator"])
@pytest.mark.parametrize("name", ["roster", "attendance"])
async def test_a_city_sees_no_topic_of_the_province(kafka: SecuredKafka, role: str, name: str) -> None:
    own, topic = kafka.connection(role, CITY), f"piket.32.{name}.v1"
    assert topic not in await broker.topic_sizes(own)
    await send(kafka.kafka.connection, topic)
    assert await records_read(kafka.kafka.connection, topic) > 0  # the administrator reads what the city must not
    assert await records_read(own, topic) == 0


async def test_the_view_of_a_city_refuses_to_start_on_the_topics_of_the_province(kafka: SecuredKafka) -> None:
    view = CoverageView(lambda: at("09:00", MONDAY), ["32"], 3)
    with pytest.raises(broker.MissingTopics, match=r"piket\.32\.coverage\.v1.*the user of this process may not see"):
        await follow_coverage(view, kafka.connection("reporting", CITY), ["32"], 3)


@pytest.mark.parametrize("arguments", [("relay",), ("worker",), ("topics", "create"), ("kafka", "grant"), ("doctor",)])
async def test_a_wrong_password_is_a_message_that_does_not_hold_it(
    kafka: SecuredKafka, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    wrong = tmp_path / "password"
    wrong.write_text("sandi-yang-salah")
    environment = kafka.environment("operator") | {
        "PIKET_KAFKA_PASSWORD_FILE": str(wrong),
        "PIKET_FOLDER": str(tmp_path),
    }
    command = await start_piket(environment, *arguments)
    output, errors = await asyncio.wait_for(command.process.communicate(), scaled(90))
    text = " ".join((output + errors).decode().split())
    assert command.process.returncode
    assert f"refuses the user piket-local-operator: there is no such user, or the password in {wrong}" in text
    assert "Traceback" not in text
    assert "sandi-yang-salah" not in text


async def test_a_service_that_starts_with_a_wrong_password_stops_reading(kafka: SecuredKafka, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("sandi-yang-salah")
    roster, reporting = (
        replace(kafka.connection(role), password_file=str(tmp_path / "password")) for role in ("roster", "reporting")
    )
    with pytest.raises(AccessRefused, match="refuses the user piket-local-roster"):
        await follow_topics(roster, ["piket.32.policy.v1"], no_offsets, unexpected_call, Reading("roster", []))
    view = CoverageView(lambda: at("09:00", MONDAY), ["32"], 3)
    with pytest.raises(AccessRefused, match="refuses the user piket-local-reporting"):
        await follow_coverage(view, reporting, ["32"], 3)


async def no_offsets() -> dict[Partition, OffsetMark]:
    return {}


def unexpected_call(*_: object) -> Any:
    raise AssertionError("nothing was read")


async def test_a_topic_that_a_user_may_not_delete_remains(kafka: SecuredKafka) -> None:
    with pytest.raises(AccessRefused, match=r"a right on a topic \(piket\.3276\.roster\.v1\)"):
        await broker.delete_topics(kafka.connection("worker", CITY), ["piket.3276.roster.v1"])
    assert "piket.3276.roster.v1" in await broker.topic_sizes(kafka.kafka.connection)


async def test_a_client_without_a_user_is_told_that_one_is_needed(kafka: SecuredKafka) -> None:
    with pytest.raises(AccessRefused, match="demands a user, and PIKET_KAFKA_SECURITY=PLAINTEXT gives none"):
        await broker.topic_sizes(KafkaConnection(kafka.kafka.servers_for_users))


async def test_a_right_that_is_taken_away_while_a_relay_runs_loses_nothing(kafka: SecuredKafka, tmp_path: Path) -> None:
    (user, rights), *_ = users(CITY, ["3276"], ["relay-attendance"]).items()
    source, path = InMemorySource(3), tmp_path / "checkpoint"
    relay = source.relay(kafka.connection("relay-attendance", CITY), path, region="3276")
    async with running_relay(relay) as running:
        await wait_until_sent(path, 3)
        await kafka.change({user: frozenset(right for right in rights if right.operation != Operation.WRITE)})
        source.grow(3)
        await wait_until(lambda: relay._failures > 0)
        assert (files.read(path).sequence, running.done()) == (3, False)
        await kafka.change({user: rights})
        await wait_until_sent(path, 6)


async def test_a_right_that_is_taken_away_from_a_reader_stops_it_until_it_is_given_again(kafka: SecuredKafka) -> None:
    (user, rights), *_ = users(CITY, ["3276"], ["roster"]).items()
    batches: list[object] = []

    async def apply_batch(batch: object) -> None:
        batches.append(batch)

    connection = kafka.connection("roster", CITY)
    reading = follow_topics(connection, ["piket.3276.policy.v1"], no_offsets, apply_batch, Reading("roster", []))
    async with cancelled_after(reading) as task:
        await wait_until(lambda: batches)
        await kafka.change({user: frozenset()})
        await wait_for_silence(batches)
        assert not task.done()
        await kafka.change({user: rights})
        read = len(batches)
        await wait_until(lambda: len(batches) > read + 1)


async def wait_for_silence(batches: Sequence[object]) -> None:
    """Wait until no batch comes for three seconds; a reader that may read gets one each second, also an empty one."""
    read = -1
    while read != len(batches):
        read = len(batches)
        await asyncio.sleep(3)


async def test_a_password_is_rotated_while_a_relay_runs_without_a_restart_of_it(
    kafka: SecuredKafka, tmp_path: Path
) -> None:
    connection, file, path = kafka.connection("relay-reporting", CITY), tmp_path / "password", tmp_path / "checkpoint"
    file.write_text(kafka.password("relay-reporting", CITY))
    source = InMemorySource(3)
    source.service = "reporting"
    relay = source.relay(replace(connection, password_file=str(file)), path, region="3276")
    async with running_relay(relay) as running:
        await wait_until_sent(path, 3)
        async with rights_client(kafka.kafka.connection) as client:
            await set_passwords(client, {connection.username: "sandi-baru"})
        await asyncio.to_thread(kafka.kafka.restart)  # ends the open connections
        source.grow(3)
        await wait_until(lambda: relay._failures > 3)
        assert (files.read(path).sequence, running.done()) == (3, False)
        file.write_text("sandi-baru")
        await wait_until_sent(path, 6)


async def test_a_password_is_rotated_while_a_service_reads_without_a_restart_of_it(kafka: SecuredKafka) -> None:
    connection, topic = kafka.connection("roster", CITY), "piket.3276.policy.v1"
    reading, read = Reading("roster", [topic]), list[bytes | None]()
    part = reading.part("policy")

    async def apply_batch(records: Sequence[ConsumedRecord]) -> None:
        read.extend(record.value for record in records)

    async def state() -> str:
        return (await part.check()).state

    work = follow_topics(connection, [topic], no_offsets, apply_batch, reading)
    with capture_logs() as logs:
        async with cancelled_after(work) as task:
            await read_until(state, "is read".__eq__)
            async with rights_client(kafka.kafka.connection) as client:
                await set_passwords(client, {connection.username: "sandi-baru"})
            await asyncio.to_thread(kafka.kafka.restart)  # ends the open connections
            assert await read_until(state, "is not read".__eq__) == "is not read"
            await send(kafka.kafka.connection, topic)
            await asyncio.sleep(scaled(6))  # several attempts
            refusals = [entry for entry in logs if f"refuses the user {connection.username}" in str(entry)]
            assert (len(refusals), await state(), task.done()) == (1, "is not read", False)
            await asyncio.to_thread(Path(connection.password_file).write_text, "sandi-baru")
            await wait_until(lambda: b"{}" in read)
            assert await read_until(state, "is read".__eq__) == "is read"
    assert [entry["event"] for entry in logs if entry["log_level"] == "info"] == ["Reading goes on"]


async def test_a_right_that_a_relay_lacks_at_its_start_ends_it_with_a_message(
    kafka: SecuredKafka, tmp_path: Path
) -> None:
    (user, rights), *_ = users(CITY, ["3276"], ["relay-policy"]).items()
    await kafka.change({user: frozenset(right for right in rights if right.operation != Operation.READ)})
    source = InMemorySource(3)
    source.service = "policy"
    await send(kafka.kafka.connection, "piket.3276.policy.v1")
    with pytest.raises(AccessRefused, match=r"a right on a topic \(piket\.3276\.policy\.v1\)"):
        await source.relay(kafka.connection("relay-policy", CITY), tmp_path / "checkpoint", region="3276").run()
    await kafka.change({user: rights})


@pytest.mark.parametrize(
    ("removed", "named"),
    [
        ("piket-coverage-kota-3276", "its consumer group"),
        ("piket.3276.roster.v1", "piket.3276.roster.v1"),
        ("piket.3276.coverage.v1", "a right on a topic (piket.3276.coverage.v1)"),  # its first positions are refused
    ],
)
async def test_a_right_that_a_worker_lacks_ends_it_with_a_message(
    kafka: SecuredKafka, removed: str, named: str
) -> None:
    (user, rights), *_ = users(CITY, ["3276"], ["worker"]).items()
    await kafka.change({user: frozenset(right for right in rights if right.name != removed)})
    command = [sys.executable, "-m", "services.reporting.worker"]
    variables, pipe = {**os.environ, **kafka.environment("worker", CITY)}, asyncio.subprocess.PIPE
    worker = await asyncio.create_subprocess_exec(*command, env=variables, stdout=pipe, stderr=pipe)
    output, errors = await asyncio.wait_for(worker.communicate(), scaled(90))
    await kafka.change({user: rights})
    assert worker.returncode == 70
    (message,) = (line for line in (output + errors).decode().splitlines() if "The worker ends" in line)
    assert named in message
    assert '"The worker ends. Kafka at ' in message  # the message of the refusal, and no other around it
    assert "Traceback" not in (output + errors).decode()


async def test_rights_are_given_once_and_surplus_ones_are_taken_away(kafka: SecuredKafka) -> None:
    table = users(CITY, ["3276"])
    worker, roster = user_name(CITY, "worker"), user_name(CITY, "roster")
    assert (await kafka.change(table))[0].startswith(f"{len(table)} users: 0 rights given, 0 taken away")
    surplus = {right._replace(user=roster) for right in table[worker]} - table[roster]
    await kafka.change({roster: table[roster] | {next(iter(surplus))}})
    assert (await kafka.change(table))[0].startswith(f"{len(table)} users: 0 rights given, 1 taken away")


async def test_a_user_that_may_not_alter_the_cluster_cannot_give_itself_rights(kafka: SecuredKafka) -> None:
    table = users(CITY, ["32", "3276"], ["operator"])
    with pytest.raises(AccessRefused, match="a right on the cluster"):
        await apply_rights(kafka.connection("operator", CITY), table)
    with pytest.raises(AccessRefused, match="a right on the cluster"):
        await apply_rights(kafka.connection("relay", CITY), table)
    assert not [name for name in await broker.topic_sizes(kafka.connection("operator", CITY)) if ".32." in name]


async def test_the_doctor_names_a_right_that_is_missing_and_one_without_need(kafka: SecuredKafka) -> None:
    settings = Settings(**kafka.settings("operator", CITY))  # type: ignore[arg-type]  # texts
    table = users(CITY, ["3276"])
    roster, worker = user_name(CITY, "roster"), user_name(CITY, "worker")
    dead_letters = {right for right in table[roster] if "dead-letter" in right.name}
    await kafka.change({roster: table[roster] - dead_letters, worker: table[worker] | {on_own_topics(worker)}})
    (missing, surplus) = judge_rights(await observe_rights(Examination(settings))).findings
    await kafka.change(table)
    assert missing[:2] == (f"User {roster}", "lacks Write on topic piket.3276.dead-letter.v1")
    assert surplus[:2] == (f"User {worker}", "has without need Delete on topic piket.3276.*")
    assert judge_rights(await observe_rights(Examination(settings))).healthy


def on_own_topics(user: str) -> Grant:
    return Grant(user, ResourceKind.TOPIC, "piket.3276.", is_prefix=True, operation=Operation.DELETE)


async def test_the_doctor_notices_a_broker_that_checks_no_rights(tmp_path: Path, kafka: SecuredKafka) -> None:
    with Kafka(tmp_path / "open", users="SASL_PLAINTEXT", settings={"authorizer.class.name": ""}) as unchecked:
        values = kafka.settings("operator") | {"kafka": unchecked.servers_for_users}
        await apply_passwords(unchecked, kafka)
        (finding,) = judge_rights(await observe_rights(Examination(Settings(**values)))).findings  # type: ignore[arg-type]
    assert finding[:2] == ("Kafka", "checks no rights: every user may do everything")


async def apply_passwords(server: Kafka, kafka: SecuredKafka) -> None:
    async with rights_client(server.connection) as client:
        await set_passwords(client, {user_name(PROVINCE, "operator"): kafka.password("operator")})
