"""Tests that `piket doctor` finds nothing in a running deployment, and names each planted fault with its cure."""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager
from functools import partial
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest
from aiokafka.admin import NewTopic

from deploy.demo.processes import Stack
from deploy.doctor.checks import CHECKS, start
from deploy.doctor.judgement.verdict import Verdict
from deploy.doctor.probes.signals import Examination
from deploy.doctor.probes.stores import MIGRATION_FOLDERS
from deploy.local.deadlines import scaled
from deploy.local.kafka import Kafka
from deploy.local.postgresql import Postgresql
from deploy.local.server_process import Child, free_ports
from deploy.operations.sources import SERVICES_WITH_STORE
from shared.event_store.committed_events import MIGRATIONS
from shared.event_store.database import Database
from shared.kafka import broker
from shared.kafka.connection import KafkaConnection
from shared.settings import Settings
from tests.support.example_facts import at
from tests.support.office_setup import OFFICE, REGION, Office, require_success
from tests.support.readiness import view_state
from tests.support.waiting import LIMIT_S, read_until

pytestmark = pytest.mark.parts

AHEAD_S = 90
RELAY_WITH_A_FAST_CLOCK = f"""
from datetime import timedelta
from deploy.cli.__main__ import cli
from shared.relay import heartbeat
right = heartbeat.wall_time
heartbeat.wall_time = lambda: right() + timedelta(seconds={AHEAD_S})
cli(["relay"])
"""
ROOT_WITHOUT_RIGHTS = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.geteuid() == 0 else ()
"""Root may write a read-only file, unless it has lost that right."""
MOUNT_NAMESPACE = ("unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"]))
FILL_A_SMALL_DISK = """
mount -t tmpfs -o size=4m tmpfs "$1" && cp "$2"/*.db "$1" || exit 77
cat /dev/zero > "$1/full" 2> /dev/null
exec "$3" -m deploy.cli doctor
"""
NO_MOUNT = 77


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, module_kafka: Kafka) -> Iterator[Stack]:
    """Provide one deployment to all tests: each leaves it healthy."""
    with Stack(tmp_path_factory.mktemp("piket"), module_kafka.bootstrap, at("09:00")) as stack:
        asyncio.run(until_healthy(stack))
        yield stack


def settings_of(stack: Stack, **changes: object) -> Settings:
    """Return the settings of the deployment, without its scrape targets: with them each dead process is two faults."""
    values = {name.removeprefix("PIKET_").lower(): value for name, value in stack.environment.items()}
    values.pop("targets", None)
    return Settings.model_validate(values | changes)


async def examine(settings: Settings, *names: str) -> Mapping[str, Verdict]:
    """Make the checks of these names, by default all."""
    checks = [check for check in CHECKS if not names or check.name in names]
    return {name: await task for name, task in start(checks, Examination(settings)).items()}


def faults(results: Mapping[str, Verdict]) -> Mapping[str, str]:
    """Return the text of the findings by check, and see that each has a cure."""
    assert all(finding.cure.endswith(".") for result in results.values() for finding in result.findings)
    return {
        name: "; ".join(f"{finding.where} {finding.what}" for finding in result.findings)
        for name, result in results.items()
        if result.findings
    }


def not_checked(results: Mapping[str, Verdict]) -> set[str]:
    return {name for name, result in results.items() if result.not_checked}


async def until_healthy(stack: Stack) -> None:
    async def unhealthy() -> Mapping[str, Verdict]:
        return {name: result for name, result in (await examine(settings_of(stack))).items() if not result.healthy}

    await asyncio.to_thread(stack.wait_ready)  # raises with the end of its log if the application has ended
    remaining = await read_until(unhealthy, lambda results: not results)
    assert not remaining, (remaining, {name: stack.log(name)[-500:] for name in stack.pids if not stack.running(name)})


@asynccontextmanager
async def stopped(stack: Stack, *names: str) -> AsyncIterator[None]:
    """Kill processes, and start them again after the block."""
    for name in names:
        stack.kill(name)
    try:
        yield
    finally:
        stack.start(*names)
        await until_healthy(stack)


@contextmanager
def process(stack: Stack, log: Path, *command: str) -> Iterator[Child]:
    variables = [f"{name}={value}" for name, value in stack.environment.items()]
    child = Child(["env", *variables, sys.executable, *command], log)
    try:
        yield child
    finally:
        child.stop(10)


def run_doctor(stack: Stack, *prefix: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    command = [*prefix, *([] if "sh" in prefix else [sys.executable, "-m", "deploy.cli", "doctor"])]
    environment = {**os.environ, **stack.environment, **settings}
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=scaled(60), env=environment)


def copy_of_stores(stack: Stack, folder: Path) -> str:
    """Copy the stores with their write-ahead logs; return the setting PIKET_STORE of the copies."""
    folder.mkdir()
    for service in SERVICES_WITH_STORE:
        file = f"{service}.db"
        with closing(sqlite3.connect(stack.folder / file)) as store, closing(sqlite3.connect(folder / file)) as copy:
            store.backup(copy)
    return f"sqlite://{folder}/{{service}}.db"


async def migrate(url: str, *folders: Path) -> None:
    database = Database(url)
    for folder in folders:
        await database.migrate(folder)
    await database.close()


def test_a_healthy_deployment_has_no_fault_and_status_0(stack: Stack, tmp_path: Path) -> None:
    groups = [{"targets": [f"127.0.0.1:{port}"], "labels": {"process": p}} for p, port in stack.metrics.items()]
    targets = tmp_path / "targets.json"
    targets.write_text(json.dumps(groups))
    started_at = time.monotonic()
    run = run_doctor(stack, PIKET_TARGETS=str(targets))
    assert (run.returncode, run.stderr) == (0, "")
    *checks, last = run.stdout.splitlines()
    assert last == f"No fault in {len(CHECKS)} checks."
    assert [line[:4] for line in checks] == ["ok  "] * len(CHECKS)
    assert all(str(port) in run.stdout for port in stack.metrics.values())
    assert time.monotonic() - started_at < scaled(15)


async def test_without_a_broker_what_needs_it_is_not_checked(stack: Stack) -> None:
    address = f"127.0.0.1:{free_ports(1)[0]}"
    results = await examine(settings_of(stack, kafka=address))
    assert faults(results) == {"kafka": f"Kafka at {address} does not answer"}
    needing = {"kafka rights", "topics", "topic settings", "disks of kafka", "clocks", "relays", "workers"}
    assert not_checked(results) == needing
    assert all(results[name].not_checked == f"Kafka at {address} does not answer" for name in not_checked(results))


async def test_a_missing_topic_and_a_wrong_number_of_partitions_are_named(stack: Stack) -> None:
    topics = [NewTopic(name, 3, 1, topic_configs=dict(kept)) for name, kept in broker.topics_of("3271").items()]
    wanted = [topic for topic in topics if topic.name != "piket.3271.attendance.v1"]
    wanted[1] = NewTopic("piket.3271.roster.v1", 4, 1, topic_configs=dict(broker.EVENT_TOPIC))
    await broker.ensure_topics(KafkaConnection(stack.environment["PIKET_KAFKA"]), wanted)
    stack._write_token("3271")
    results = await examine(settings_of(stack, regions="3271"))
    assert faults(results) == {
        "topics": "The number of partitions of topic piket.3271.roster.v1 is 4, not 3;"
        " Kafka has no topic piket.3271.attendance.v1"
    }
    assert not_checked(results) == {"topic settings", "clocks", "relays", "workers"}


async def test_a_topic_that_deletes_events_is_named(stack: Stack) -> None:
    topics = broker.topics_of("3276") | {"piket.3276.roster.v1": {"cleanup.policy": "delete", "retention.ms": "60000"}}
    await broker.ensure_topics(
        KafkaConnection(stack.environment["PIKET_KAFKA"]),
        [NewTopic(name, 3, 1, topic_configs=dict(kept)) for name, kept in topics.items()],
    )
    results = await examine(settings_of(stack, regions="3276"), "kafka", "topics", "topic settings")
    assert faults(results) == {"topic settings": "Topic piket.3276.roster.v1 has retention.ms=60000, not -1"}


def test_a_store_that_may_not_be_written_is_named_and_the_status_is_1(stack: Stack, tmp_path: Path) -> None:
    store = copy_of_stores(stack, tmp_path / "stores")
    (tmp_path / "stores/roster.db").chmod(0o444)
    run = run_doctor(stack, *ROOT_WITHOUT_RIGHTS, PIKET_STORE=store)
    faulty = [line for line in run.stdout.splitlines() if line.startswith("FAULT")]
    assert len(faulty) == 1, run.stdout
    assert "roster.db, cannot be written (attempt to write a readonly database)" in faulty[0]
    assert run.returncode == 1


async def test_a_read_only_copy_of_postgresql_is_named(stack: Stack, postgresql: Postgresql) -> None:
    name = f"doctor_{uuid4().hex[:8]}"
    for service in SERVICES_WITH_STORE:
        url = postgresql.create_database(f"{name}_{service}")
        await migrate(url, *MIGRATION_FOLDERS.get(service, (MIGRATIONS,)))
    settings = settings_of(stack, store=url.replace(service, "{service}"))
    with psycopg.connect(postgresql.url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name}_attendance SET default_transaction_read_only = on")
    results = await examine(settings)
    (finding,) = results["store attendance"].findings
    assert "read-only transaction" in finding.what
    assert faults(results).keys() == {"store attendance"}
    assert "the database of roster" in results["clocks"].evidence
    assert not any("piket:" in line for line in faults(results).values())  # no password


async def test_a_relay_whose_clock_is_90_seconds_ahead_is_named(stack: Stack, tmp_path: Path) -> None:
    async with stopped(stack, "relay"):
        with process(stack, tmp_path / "relay.log", "-c", RELAY_WITH_A_FAST_CLOCK) as relay:

            async def observed() -> Mapping[str, str]:
                assert relay.running, relay.logged()
                return faults(await examine(settings_of(stack)))

            # Until this relay has started, the check of relays finds none.
            found_faults = await read_until(observed, lambda faulty: "relays" not in faulty)
    clock = found_faults["clocks"]
    assert clock in {f"The clock of the relay is {s} s ahead of this machine" for s in range(AHEAD_S - 8, AHEAD_S + 1)}
    assert found_faults.keys() <= {"clocks", "view"}  # the view waits until the positions are as late as the heartbeats


async def test_an_expired_key_of_the_issuer_and_an_expired_token_are_named(stack: Stack, tmp_path: Path) -> None:
    (key,) = json.loads(stack.issuer.jwks_file.read_text())["keys"]
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": [key | {"exp": 1_700_000_000}]}))
    results = await examine(settings_of(stack, jwks=str(tmp_path / "jwks.json")))
    where = f"The key set {tmp_path}/jwks.json (PIKET_JWKS)"
    assert faults(results) == {"tokens": f"{where} holds the key piket-demo, which expired at 2023-11-14 22:13 UTC"}
    token = tmp_path / "token-32"
    token.write_text(stack.issuer.sign("service:roster", lifetime=-60, roles=["SUBSCRIBER"], region=REGION))
    results = await examine(settings_of(stack, token_file=str(tmp_path / "token-{region}")))
    assert faults(results) == {"tokens": f"The token {token} (PIKET_TOKEN_FILE) is refused (it has expired)"}


def test_a_full_disk_is_named(stack: Stack, tmp_path: Path) -> None:
    disk, stores = tmp_path / "disk", tmp_path / "stores"
    copy_of_stores(stack, stores)
    disk.mkdir()
    command = (*MOUNT_NAMESPACE, "sh", "-c", FILL_A_SMALL_DISK, "doctor", str(disk), str(stores), sys.executable)
    run = run_doctor(stack, *command, PIKET_STORE=f"sqlite://{disk}/{{service}}.db")
    if run.returncode == NO_MOUNT or "unshare" in run.stderr:
        pytest.skip(f"this machine does not let its users mount a disk of their own: {run.stderr.strip()}")
    assert f"The folder {disk} (store of policy) is on a disk with 0 MB free, less than 500 MB." in run.stdout
    assert run.returncode == 1


async def test_a_port_that_another_program_took_is_named(stack: Stack) -> None:
    (port,) = free_ports(1)
    address = f"127.0.0.1:{port}"

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail\r\n")
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", port):
        results = await examine(settings_of(stack, metrics_port=port))
    what = "is taken by a program that is not Piket"
    assert faults(results) == {"metrics ports": f"The address {address} of the setting PIKET_METRICS_PORT {what}"}


async def test_an_application_that_hangs_is_named_and_is_not_said_to_be_absent(stack: Stack) -> None:
    os.kill(stack.pids["app"], signal.SIGSTOP)
    try:
        results = await examine(settings_of(stack), "application", "view")
    finally:
        os.kill(stack.pids["app"], signal.SIGCONT)
        await until_healthy(stack)
    what = "accepts connections but does not answer in time: the process hangs"
    assert faults(results) == {"application": f"The address {stack.url} of `piket serve` (PIKET_GATEWAY) {what}"}
    assert not_checked(results) == {"view"}


async def test_a_dead_relay_and_a_dead_worker_are_named_also_where_their_files_are_not(
    stack: Stack, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    elsewhere = settings_of(stack, store=f"sqlite://{stack.folder}/{{service}}.db", folder=tmp_path / "elsewhere")
    assert faults(await examine(elsewhere)) == {}
    async with stopped(stack, "relay", "worker"):
        here, without_files = await asyncio.gather(examine(settings_of(stack)), examine(elsewhere))
    of = "The relay of /piket/32/policy, /piket/32/roster, /piket/32/attendance and 1 more"
    lease = "relay/policy-32.lease"
    workers = {"workers": "Partitions 0, 1, 2 of region 32 are not processed by any worker"}
    assert faults(here) == workers | {
        "relays": f"{of} is not running: nobody holds its lease {stack.folder}/{lease}, and it sends no heartbeats"
    }
    assert faults(without_files) == workers | {
        "relays": f"{of} sends no heartbeats, and there is no lease {tmp_path}/elsewhere/{lease} on this machine"
    }


async def test_a_projection_whose_service_is_stopped_while_its_owner_decides_is_named(
    stack: Stack, tmp_path: Path
) -> None:
    arguments = ("-m", "deploy.cli", "serve", "policy", "attendance", "reporting", "--port", str(stack.port))
    async with stopped(stack, "app"), httpx.AsyncClient(base_url=stack.url, timeout=scaled(LIMIT_S)) as http:
        with process(stack, tmp_path / "app.log", *arguments) as app:
            await asyncio.to_thread(app.wait_until, stack._answers, LIMIT_S)
            await wait_until_ready(http)
            office = Office(http, stack.issuer)
            require_success(await office.post(f"/policy/v1/{REGION}/opd", stack.issuer.token("sri"), OFFICE["opd"]))
            results = await examine(settings_of(stack))
    (finding,) = results["projections"].findings
    assert finding.where == "The projection of /piket/32/policy in roster"
    assert finding.what == "does not move: it is at event 0 of 1"
    assert "`piket serve roster`" in finding.cure
    assert faults(results).keys() == {"projections"}


async def wait_until_ready(http: httpx.AsyncClient) -> None:
    await read_until(partial(view_state, http), "is current".__eq__)
