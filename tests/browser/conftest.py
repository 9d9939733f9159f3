"""Provides Chromium once per test file, and the server of the board."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from deploy.local.deadlines import scaled
from tests.browser.board_server import CHROMIUM, BoardServer, open_page
from tests.support.waiting import LIMIT_S

expect.set_options(timeout=scaled(1000 * LIMIT_S))


@pytest.fixture
def town() -> BoardServer:
    return BoardServer()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser) -> AsyncIterator[Page]:
    async with open_page(browser) as page:
        yield page
