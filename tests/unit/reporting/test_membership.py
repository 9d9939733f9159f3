"""Tests that a worker writes only under the lease that its group renews, and ends when the group has expelled it."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import InvalidSessionTimeoutError
from aiokafka.protocol.group import HeartbeatRequest, JoinGroupRequest, SyncGroupRequest
from aiokafka.protocol.produce import ProduceRequest

from services.reporting.faust_batches import membership as membership_module
from services.reporting.faust_batches.membership import Membership
from services.reporting.process.exits import EX_REPLACED

HEARTBEAT = HeartbeatRequest("piket", 3, "worker-1")
SYNC = SyncGroupRequest("piket", 3, "worker-1", None, [])
JOIN = JoinGroupRequest("piket", 10_000, 60_000, "", None, "consumer", [])
OK, REBALANCING, UNKNOWN_MEMBER = 0, 27, 25


class Coordinator:
    """A coordinator whose answers have the error code `answer`."""

    def __init__(self) -> None:
        self.answer = OK
        self._closing: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._performed_join_prepare = False
        self.resets = 0

    async def _send_req(self, _: object) -> Any:
        return SimpleNamespace(error_code=self.answer)

    def reset_generation(self) -> None:
        self.resets += 1


class Client:
    """A producer's client that records what it sends."""

    def __init__(self) -> None:
        self.sent: list[object] = []

    async def ready(self, _: int) -> bool:
        return True

    async def send(self, _: int, request: object) -> None:
        self.sent.append(request)


class ProcessEnded(Exception):
    """Raised where the process would have ended, with its status and message."""


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Return a clock that a test moves; the process ends with `ProcessEnded` instead."""
    clock = SimpleNamespace(at=1000.0)
    monkeypatch.setattr(membership_module, "monotonic", lambda: clock.at)

    def exit_now(message: str, status: int) -> None:
        raise ProcessEnded(status, message)

    monkeypatch.setattr(membership_module, "exit_now", exit_now)
    return clock


@pytest.mark.parametrize(
    ("request_", "answer", "renewed"),
    [
        (HEARTBEAT, OK, True),
        (HEARTBEAT, REBALANCING, True),
        (HEARTBEAT, UNKNOWN_MEMBER, False),
        (SYNC, OK, True),
        (JOIN, OK, False),
    ],
)
async def test_the_lease_is_renewed_by(now: SimpleNamespace, request_: object, answer: int, renewed: bool) -> None:  # noqa: FBT001
    membership, coordinator = Membership(10), Coordinator()
    membership.watch(coordinator)
    coordinator.answer = answer
    await coordinator._send_req(request_)
    assert membership.has_lease() is renewed
    now.at += 7.6
    assert not membership.has_lease()


async def test_records_wait_until_the_worker_is_known_to_be_a_member(now: SimpleNamespace) -> None:
    membership, coordinator, client = Membership(10), Coordinator(), Client()
    membership.watch(coordinator)
    membership.enforce_lease(client)
    record = ProduceRequest(required_acks=-1, timeout=1000, topics=[], transactional_id=None)
    writing = asyncio.create_task(client.send(1, record))
    await client.send(1, HEARTBEAT)
    await asyncio.sleep(2 * membership_module.LEASE_CHECK_S)  # nothing for two checks of the lease
    assert client.sent == [HEARTBEAT]
    await coordinator._send_req(HEARTBEAT)
    await writing
    assert client.sent == [HEARTBEAT, record]


async def test_a_worker_that_sent_no_heartbeat_for_too_long_ends(now: SimpleNamespace) -> None:
    membership, coordinator = Membership(10, "counter-0"), Coordinator()
    membership.watch(coordinator)
    await coordinator._send_req(HEARTBEAT)
    now.at += 11
    with pytest.raises(ProcessEnded, match=r"70.*silent for 10 s"):
        coordinator.reset_generation()


async def test_a_worker_whose_place_was_taken_ends(now: SimpleNamespace) -> None:
    membership, coordinator = Membership(10, "counter-0"), Coordinator()
    membership.watch(coordinator)
    await coordinator._send_req(HEARTBEAT)
    with pytest.raises(ProcessEnded, match=rf"{EX_REPLACED}.*another one joined as counter-0"):
        coordinator.reset_generation()


async def test_a_worker_that_the_group_refuses_ends_and_reports_why(now: SimpleNamespace) -> None:
    membership, coordinator = Membership(0.5), Coordinator()
    membership.watch(coordinator)
    coordinator.answer = InvalidSessionTimeoutError.errno
    with pytest.raises(ProcessEnded, match=r"70.*PIKET_SESSION_TIMEOUT_S is outside"):
        await coordinator._send_req(JOIN)


@pytest.mark.parametrize("phase", ["leaving", "joining"])
async def test_who_holds_no_partition_just_joins_again(now: SimpleNamespace, phase: str) -> None:
    membership, coordinator = Membership(10), Coordinator()
    membership.watch(coordinator)
    coordinator._performed_join_prepare = phase == "joining"
    if phase == "leaving":
        coordinator._closing.set_result(None)
    coordinator.reset_generation()
    assert coordinator.resets == 1
