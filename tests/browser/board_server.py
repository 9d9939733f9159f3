"""Serves the board of the fixture on a port, and opens its pages in Chromium."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, expect

from deploy.local.deadlines import scaled
from shared.background import background_task
from tests.browser.board_fixture import BoardApp, BoardClock, board_app
from tests.support.http_server import running_server
from tests.support.waiting import LIMIT_S

CHROMIUM = next((path for path in ("/usr/bin/chromium", "/usr/bin/chromium-browser") if Path(path).exists()), None)
PAGES = ("/", "/wilayah/3276", "/opd/3276/DISDUKCAPIL")


class BoardServer:
    """Serves the board on a free port; it can be stopped and started again."""

    def __init__(self) -> None:
        self.day = BoardClock()
        self.board: BoardApp = board_app(self.day)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"

    async def _keep_complete(self) -> None:
        while True:
            self.board.view.mark_complete()
            await asyncio.sleep(1)  # the interval in which a view learns that its sources are alive

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        async with background_task(self._keep_complete()), running_server(self.board.app, self.port):
            yield


@asynccontextmanager
async def open_page(browser: Browser, **options: Any) -> AsyncIterator[Page]:
    """Open a page. Fail the test on script errors and violations of the content security policy."""
    context = await browser.new_context(**{"viewport": {"width": 1280, "height": 900}, "locale": "id-ID", **options})
    context.set_default_timeout(scaled(1000 * LIMIT_S))
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error.stack)))
    page.on("console", lambda line: errors.append(line.text) if "Content Security" in line.text else None)
    yield page
    await context.close()
    assert errors == []


async def open_live_page(page: Page, address: str) -> None:
    async with page.expect_response(re.compile("/live\\?")):
        await page.goto(address)


def headline(page: Page) -> Any:
    return expect(page.get_by_role("heading", level=1))


async def states(page: Page, selector: str, attribute: str = "data-state") -> list[str]:
    values = await page.locator(selector).evaluate_all(f"all => all.map(one => one.getAttribute('{attribute}'))")
    return list(values)
