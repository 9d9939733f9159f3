"""Takes screenshots of a running board for the README: `python -m tests.browser.screenshots URL FOLDER`."""

import asyncio
import sys
from pathlib import Path
from typing import Literal, NamedTuple

from playwright.async_api import Browser, async_playwright

from tests.browser.board_server import CHROMIUM

WIDE, NARROW, WALL = (1440, 900), (360, 740), (1920, 1080)


class Screenshot(NamedTuple):
    """A screenshot: name, path, size, theme and language."""

    name: str
    path: str
    size: tuple[int, int]
    theme: Literal["light", "dark"]
    lang: str

    @property
    def address(self) -> str:
        return f"{self.path}{'&' if '?' in self.path else '?'}lang={self.lang}"


SCREENSHOTS = (
    Screenshot("board-wide-light-id", "/", WIDE, "light", "id"),
    Screenshot("board-wide-dark-en", "/", WIDE, "dark", "en"),
    Screenshot("board-narrow-light-en", "/", NARROW, "light", "en"),
    Screenshot("board-narrow-dark-id", "/", NARROW, "dark", "id"),
    Screenshot("wall", "/?dinding=1", WALL, "dark", "id"),
)


async def first_opd_path(browser: Browser, url: str) -> str:
    """Return the path of the first OPD in the list."""
    page = await browser.new_page()
    await page.goto(url)
    path = await page.locator(".opd a").first.get_attribute("href")
    await page.close()
    return path or "/"


async def take_screenshot(browser: Browser, url: str, folder: Path, screenshot: Screenshot) -> None:
    """Take one screenshot of the visible area."""
    width, height = screenshot.size
    context = await browser.new_context(viewport={"width": width, "height": height}, color_scheme=screenshot.theme)
    page = await context.new_page()
    await page.goto(url + screenshot.address)
    await page.evaluate("document.fonts.ready")
    await page.screenshot(path=folder / f"{screenshot.name}.png")
    await context.close()


async def main(url: str, folder: Path) -> None:
    """Take all screenshots into an existing folder."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--hide-scrollbars"])
        opd = Screenshot("opd", await first_opd_path(browser, url), (1280, 800), "light", "id")
        for screenshot in (*SCREENSHOTS, opd):
            await take_screenshot(browser, url, folder, screenshot)
        await browser.close()


if __name__ == "__main__":
    Path(sys.argv[2]).mkdir(parents=True, exist_ok=True)
    asyncio.run(main(sys.argv[1].rstrip("/"), Path(sys.argv[2])))
