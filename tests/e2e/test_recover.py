"""Tests a store that was restored from an older copy: the relay refuses it, and the log completes it."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from deploy.local.deadlines import scaled
from deploy.local.kafka import Kafka
from deploy.operations.recover import recover
from deploy.operations.sources import committed_events
from services.attendance.domain import decider
from shared.domain.decider import Diverged
from shared.event_store.database import Database
from shared.event_store.store import Store
from shared.event_store.stored_events import StoredEvent
from shared.kafka.connection import connection_of
from shared.relay.checkpoints.choice import checkpoint_file
from shared.relay.checkpoints.files import FileCheckpoints
from shared.relay.errors import LogAhead
from shared.relay.relay import Relay
from shared.settings import Settings
from tests.support.in_memory_source import running_relay, wait_until_sent
from tests.support.stores import command
from tests.support.waiting import LIMIT_S

pytestmark = pytest.mark.parts


class CopiedDeployment(NamedTuple):
    """A deployment whose store was copied after six events, and which had relayed ten."""

    settings: Settings
    original: list[StoredEvent]

    def relay(self) -> Relay:
        store = committed_events(self.settings, "attendance")
        return Relay(store, "32", connection_of(self.settings), FileCheckpoints(self.checkpoint_file()))

    def checkpoint_file(self) -> Path:
        return checkpoint_file(self.settings, "attendance", "32")

    async def stored(self) -> list[StoredEvent]:
        return await committed_events(self.settings, "attendance").read_feed("32")

    async def tap(self, count: int) -> None:
        database = Database(self.settings.store_url("attendance"))
        store = Store[Any](database, service="attendance", decider=decider, now=self.settings.domain_clock())
        await store.open()
        for _ in range(count):
            await store.execute(command())


@pytest_asyncio.fixture
async def copy(tmp_path: Path, kafka: Kafka) -> AsyncIterator[CopiedDeployment]:
    folder, backup = tmp_path / "piket", tmp_path / "kept"
    deployment = CopiedDeployment(Settings(folder=folder, kafka=kafka.bootstrap), [])
    folder.mkdir()
    await deployment.tap(6)
    shutil.copytree(folder, backup)
    await deployment.tap(4)
    async with running_relay(deployment.relay()):
        await wait_until_sent(deployment.checkpoint_file(), 10)
    deployment.original.extend(await deployment.stored())
    shutil.rmtree(folder)
    shutil.copytree(backup, folder)
    yield deployment


async def test_the_log_brings_an_older_copy_up_and_the_relay_goes_on(copy: CopiedDeployment) -> None:
    with pytest.raises(LogAhead, match="recover --from-log"):
        await asyncio.wait_for(copy.relay().run(), scaled(LIMIT_S))
    assert await recover(copy.settings, "attendance", "32") == 4
    assert await copy.stored() == copy.original
    await copy.tap(1)
    async with running_relay(copy.relay()):
        await wait_until_sent(copy.checkpoint_file(), 11)


async def test_a_copy_that_went_on_by_itself_is_left_as_it_is(copy: CopiedDeployment) -> None:
    await copy.tap(2)
    before = await copy.stored()
    with pytest.raises(Diverged, match="Nothing was changed"):
        await recover(copy.settings, "attendance", "32")
    assert await copy.stored() == before


async def test_a_store_that_lost_nothing_is_left_as_it_is(copy: CopiedDeployment) -> None:
    await recover(copy.settings, "attendance", "32")
    assert await recover(copy.settings, "attendance", "32") == 0
