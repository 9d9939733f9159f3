"""Pictures of a running board for the README: `python -m tests.browser.screenshots URL FOLDER`."""

import asyncio
import sys
from pathlib import Path
from typing import Literal, NamedTuple

from playwright.async_api import Browser, async_playwright

from tests.browser.board_server import CHROMIUM

WIDE, NARROW, WALL = (1440, 900), (360, 740), (1920, 1080)


class Shot(NamedTuple):
    """One picture: what of, how large, in which theme and language."""

    name: str
    path: str
    size: tuple[int, int]
    theme: Literal["light", "dark"]
    lang: str

    @property
    def address(self) -> str:
        return f"{self.path}{'&' if '?' in self.path else '?'}lang={self.lang}"


SHOTS = (
    Shot("board-wide-light-id", "/", WIDE, "light", "id"),
    Shot("board-wide-dark-en", "/", WIDE, "dark", "en"),
    Shot("board-narrow-light-en", "/", NARROW, "light", "en"),
    Shot("board-narrow-dark-id", "/", NARROW, "dark", "id"),
    Shot("wall", "/?dinding=1", WALL, "dark", "id"),
)


async def worst_opd(browser: Browser, url: str) -> str:
    """The page of the OPD that stands first in the list."""
    page = await browser.new_page()
    await page.goto(url)
    found = await page.locator(".opd a").first.get_attribute("href")
    await page.close()
    return found or "/"


async def take(browser: Browser, url: str, folder: Path, shot: Shot) -> None:
    """Take one picture, as tall as the screen."""
    width, height = shot.size
    context = await browser.new_context(viewport={"width": width, "height": height}, color_scheme=shot.theme)
    page = await context.new_page()
    await page.goto(url + shot.address)
    await page.evaluate("document.fonts.ready")
    await page.screenshot(path=folder / f"{shot.name}.png")
    await context.close()


async def main(url: str, folder: Path) -> None:
    """All pictures into a folder that is there."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--hide-scrollbars"])
        opd = Shot("opd", await worst_opd(browser, url), (1280, 800), "light", "id")
        for shot in (*SHOTS, opd):
            await take(browser, url, folder, shot)
        await browser.close()


if __name__ == "__main__":
    Path(sys.argv[2]).mkdir(parents=True, exist_ok=True)
    asyncio.run(main(sys.argv[1].rstrip("/"), Path(sys.argv[2])))
