"""Provides a deployment in one process, on the day on which its OPD is registered."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest_asyncio

from tests.flow.in_process_deployment import in_process_deployment
from tests.support.example_facts import at
from tests.support.story import StoryEnvironment


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[StoryEnvironment]:
    async with in_process_deployment(tmp_path) as (world, _):
        world.set_clock(at("09:00", date(2025, 10, 22)))
        await world.office.register()
        yield world
