"""Follows one check-in by its trace id from the HTTP request to the coverage row, through real processes."""

from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from deploy.demo.processes import Stack
from deploy.local.deadlines import scaled
from deploy.local.kafka import Kafka
from tests.e2e.commands import check_in, start_piket
from tests.e2e.deployment import Deployment
from tests.support.example_facts import THURSDAY, at
from tests.support.office_setup import Office
from tests.support.readiness import view_state
from tests.support.traces import Receiver, receiver
from tests.support.waiting import LIMIT_S, wait_until

pytestmark = pytest.mark.parts

TAP = "POST /attendance/v1/{region}/{tap}"
FOLD, SEND, SHOW = "process piket.32.attendance.v1", "send coverage row", "process piket.32.coverage.v1"
PATH = (TAP, FOLD, SEND, SHOW)


@pytest.fixture
def collector() -> Iterator[Receiver]:
    with receiver() as server:
        yield server


@pytest_asyncio.fixture
async def traced_deployment(tmp_path: Path, kafka: Kafka, collector: Receiver) -> AsyncIterator[Deployment]:
    stack = Stack(tmp_path / "piket", kafka.bootstrap, at("07:30", THURSDAY))
    stack.environment |= collector.environment
    with stack:
        async with httpx.AsyncClient(base_url=stack.url, timeout=scaled(LIMIT_S)) as http:
            office = Office(http, stack.issuer, {"Dewi": uuid4()})
            await wait_until(partial(is_ready, http))
            yield Deployment(stack, kafka, office)


async def is_ready(http: httpx.AsyncClient) -> bool:
    """Return whether the view has read all rows that were there before, and the worker reads."""
    return await view_state(http) == "is current"


async def test_one_trace_id_follows_a_check_in_from_the_request_to_the_board(
    traced_deployment: Deployment, collector: Receiver
) -> None:
    await check_in(traced_deployment, "Dewi")
    # All four: each process sends its spans by itself, so the last one may arrive before those of the worker.
    await wait_until(lambda: all(map(collector.named, PATH)), what=lambda: str(collector.spans))
    (request,) = collector.named(TAP)
    followed = {span.name: span for span in collector.spans if span.trace == request.trace}
    path = [followed[name] for name in PATH]
    assert [(span.process, span.parent) for span in path] == [
        ("piket-app", ""),
        ("piket-worker", path[0].id),
        ("piket-worker", path[1].id),
        ("piket-app", path[2].id),
    ]
    assert str(traced_deployment.office.people["Dewi"]) not in str(collector.spans)

    # Sent again, the event is known: its spans are of a new trace that is linked to the first.
    await send_again(traced_deployment)
    await wait_until(lambda: len(collector.named(FOLD)) == 2, what=lambda: str(collector.spans))
    again = collector.named(FOLD)[1]
    assert (again.parent, again.links, again.trace != request.trace) == ("", [request.trace], True)
    assert {span.name for span in collector.spans if span.trace == request.trace} == followed.keys()


async def send_again(deployment: Deployment) -> None:
    deployment.stack.stop("relay")
    republish = await start_piket(deployment.stack.environment, "republish", "attendance")
    assert (await republish.end())[0] == 0
    deployment.stack.start("relay")
