"""The province on a port, and pages of it in Chromium."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, expect

from shared.background import background_task
from tests.browser.board_fixture import Day, Province, province
from tests.support.http_server import running_server

CHROMIUM = next((path for path in ("/usr/bin/chromium", "/usr/bin/chromium-browser") if Path(path).exists()), None)
PAGES = ("/", "/wilayah/3276", "/opd/3276/DISDUKCAPIL")


class Town:
    """The province on a port of its own, which may go away and come back."""

    def __init__(self) -> None:
        self.day = Day()
        self.told: Province = province(self.day)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"

    async def _feed(self) -> None:
        while True:
            self.told.view.mark_complete()
            await asyncio.sleep(1)

    @asynccontextmanager
    async def served(self) -> AsyncIterator[None]:
        async with background_task(self._feed()), running_server(self.told.app, self.port):
            yield


@asynccontextmanager
async def opened(browser: Browser, **options: Any) -> AsyncIterator[Page]:
    """A page that fails its test on any script error or breach of the content security policy."""
    context = await browser.new_context(**{"viewport": {"width": 1280, "height": 900}, "locale": "id-ID", **options})
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error.stack)))
    page.on("console", lambda said: complaints.append(said.text) if "Content Security" in said.text else None)
    yield page
    await context.close()
    assert complaints == []


async def live(page: Page, address: str) -> None:
    async with page.expect_response(re.compile("/live\\?")):
        await page.goto(address)


def answer(page: Page) -> Any:
    return expect(page.get_by_role("heading", level=1))


async def states(page: Page, selector: str, attribute: str = "data-state") -> list[str]:
    found = await page.locator(selector).evaluate_all(f"all => all.map(one => one.getAttribute('{attribute}'))")
    return list(found)
