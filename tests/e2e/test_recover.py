"""A store restored from last week's copy: the relay refuses, the log brings it up, and a store that went on is told."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio

from deploy.local.kafka import Kafka
from deploy.operations.recover import recover
from deploy.operations.sources import mark_file, store_of
from shared.domain.decider import Diverged
from shared.event_store.store import Stored
from shared.relay.relay import LogAhead, Relay
from shared.settings import Settings
from tests.support.in_memory_source import running, sent
from tests.support.stores import command

pytestmark = pytest.mark.parts


class Copy(NamedTuple):
    """A deployment whose store was copied after six events and relayed after ten."""

    settings: Settings
    told: list[Stored]

    def relay(self) -> Relay:
        store = store_of(self.settings, "attendance")
        return Relay(store, "32", self.settings.kafka, mark_file(self.settings, "attendance", "32"))

    async def stored(self) -> list[Stored]:
        return await store_of(self.settings, "attendance").read_feed("32")

    async def tap(self, count: int) -> None:
        store = store_of(self.settings, "attendance")
        await store.open()
        for _ in range(count):
            await store.execute(command())


@pytest_asyncio.fixture
async def copy(tmp_path: Path, kafka: Kafka) -> AsyncIterator[Copy]:
    here, kept = tmp_path / "piket", tmp_path / "kept"
    made = Copy(Settings(folder=here, kafka=kafka.bootstrap), [])
    here.mkdir()
    await made.tap(6)
    shutil.copytree(here, kept)
    await made.tap(4)
    async with running(made.relay()):
        await sent(mark_file(made.settings, "attendance", "32"), 10)
    made.told.extend(await made.stored())
    shutil.rmtree(here)
    shutil.copytree(kept, here)
    yield made


async def test_the_log_brings_an_older_copy_up_and_the_relay_goes_on(copy: Copy) -> None:
    with pytest.raises(LogAhead, match="recover --from-log"):
        await asyncio.wait_for(copy.relay().run(), 20)
    assert await recover(copy.settings, "attendance", "32") == 4
    assert await copy.stored() == copy.told
    await copy.tap(1)
    async with running(copy.relay()):
        await sent(mark_file(copy.settings, "attendance", "32"), 11)


async def test_a_copy_that_went_on_by_itself_is_left_as_it_is(copy: Copy) -> None:
    await copy.tap(2)
    before = await copy.stored()
    with pytest.raises(Diverged, match="Nothing was changed"):
        await recover(copy.settings, "attendance", "32")
    assert await copy.stored() == before


async def test_a_store_that_lost_nothing_is_left_as_it_is(copy: Copy) -> None:
    await recover(copy.settings, "attendance", "32")
    assert await recover(copy.settings, "attendance", "32") == 0
