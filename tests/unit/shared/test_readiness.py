"""Tests the answer of `/readyz`: what makes a process unready, and that no part delays it."""

import asyncio
import socket
import time
from contextlib import ExitStack
from http import HTTPStatus
from threading import Event

from deploy.local.deadlines import scaled
from services.reporting.process import readiness as worker_readiness
from services.reporting.process.readiness import WorkerReadiness
from shared.health.parts import kafka_part, store_part
from shared.health.readiness import ANSWER_WITHIN_S, Part, PartState, Readiness, joint_readiness


def part(name: str, *, works: bool = True, required: bool = True) -> Part:
    async def check() -> PartState:
        return PartState(works, "answers" if works else "is loading")

    return Part(name, check, required)


async def test_a_process_is_ready_if_all_that_it_needs_works() -> None:
    report = await Readiness([part("store"), part("kafka", works=False, required=False)]).report()
    assert report.status is HTTPStatus.OK
    assert report.body == {
        "ready": True,
        "parts": {
            "store": {"state": "answers", "works": True, "required": True},
            "kafka": {"state": "is loading", "works": False, "required": False},
        },
    }


async def test_a_process_is_not_ready_without_a_part_that_it_needs() -> None:
    report = await Readiness([part("store"), part("view", works=False)]).report()
    assert (report.status, report.body["ready"]) == (HTTPStatus.SERVICE_UNAVAILABLE, False)


async def test_the_reason_of_a_failure_is_for_the_log_and_not_for_everybody() -> None:
    class Broken:
        async def read(self, sql: str, **values: object) -> object:
            del sql, values
            raise ConnectionError("password=hush")

    report = await Readiness([store_part(Broken())]).report()
    assert report.body["parts"]["store"] == {"state": "does not answer", "works": False, "required": True}


async def test_reports_at_any_moment_of_a_check_are_answered() -> None:
    readiness = Readiness([part("store"), part("view")])

    async def report_after(turns: int) -> HTTPStatus:
        for _ in range(turns):
            await asyncio.sleep(0)
        return (await readiness.report()).status

    assert {*await asyncio.gather(*map(report_after, range(20)))} == {HTTPStatus.OK}


async def test_a_part_that_hangs_is_asked_once_and_delays_no_answer() -> None:
    class Hanging:
        asked = 0

        async def read(self, sql: str, **values: object) -> object:
            del sql, values
            self.asked += 1
            return await asyncio.Event().wait()

    hanging = Hanging()
    readiness, start = Readiness([store_part(hanging), part("view")]), time.monotonic()
    reports = await asyncio.gather(readiness.report(), readiness.report())
    assert time.monotonic() - start < scaled(ANSWER_WITHIN_S + 0.4)
    assert {report.status for report in reports} == {HTTPStatus.SERVICE_UNAVAILABLE}
    assert (hanging.asked, reports[0].body["parts"]["view"]["works"]) == (1, True)


async def test_kafka_works_if_one_of_its_brokers_accepts_a_connection() -> None:
    async def accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        answers = await kafka_part(f"127.0.0.1:9,127.0.0.1:{port}").check()
    assert (answers.works, (await kafka_part("127.0.0.1:9").check()).works) == (True, False)


async def test_brokers_that_do_not_even_refuse_delay_no_answer() -> None:
    async def accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    with ExitStack() as sockets:
        silent = [silent_server(sockets) for _ in range(3)]
        start = time.monotonic()
        report = await Readiness([kafka_part(",".join(silent))]).report()
        assert (report.body["parts"]["kafka"]["works"], time.monotonic() - start < scaled(1)) == (False, True)
        async with await asyncio.start_server(accept, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            assert (await kafka_part(",".join([*silent, f"127.0.0.1:{port}"])).check()).works


def silent_server(sockets: ExitStack) -> str:
    """Return the address of a server whose queue is full: it neither accepts nor refuses a connection."""
    server = sockets.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
    for _ in range(3):
        client = sockets.enter_context(socket.socket())
        client.setblocking(False)
        client.connect_ex(server.getsockname())
    return f"127.0.0.1:{server.getsockname()[1]}"


async def test_services_in_one_process_report_together() -> None:
    readiness = joint_readiness({"policy": Readiness([part("store")]), "roster": Readiness([part("store")])})
    assert (await readiness.report()).body["parts"].keys() == {"policy: store", "roster: store"}


async def test_another_thread_gets_the_report_and_learns_that_the_event_loop_is_blocked() -> None:
    readiness, loop = Readiness([part("store")]), asyncio.get_running_loop()
    assert (await asyncio.to_thread(readiness.report_from_thread, loop)).status is HTTPStatus.OK
    asked = asyncio.create_task(asyncio.to_thread(readiness.report_from_thread, loop))
    await asyncio.sleep(0)
    Event().wait(ANSWER_WITHIN_S + 0.6)  # blocks the event loop on purpose
    assert (await asked).body["parts"].keys() == {"event loop"}


def test_a_worker_is_ready_when_it_reads_partitions() -> None:
    readiness = WorkerReadiness()

    def state(*, joining: bool = False, recovering: bool = False, partitions: int = 3) -> tuple[bool, str]:
        readiness.report_state(joining=joining, recovering=recovering, partitions=partitions)
        body = readiness.report().body
        return body["ready"], body["parts"]["worker"]["state"]

    assert readiness.report().status is HTTPStatus.SERVICE_UNAVAILABLE
    assert state() == (True, "reads 3 partitions")
    assert state(joining=True) == (False, "is joining its consumer group")
    assert state(recovering=True) == (False, "is reading its changelog")
    assert state(partitions=0) == (False, "has no partition; other workers have all")


def test_a_worker_whose_event_loop_is_blocked_is_not_ready() -> None:
    readiness = WorkerReadiness()
    readiness.report_state(joining=False, recovering=False, partitions=3)
    readiness._reported -= worker_readiness.SILENT_AFTER_S + 1
    assert readiness.report().body["parts"].keys() == {"event loop"}
