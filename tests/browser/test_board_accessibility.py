"""The board for everybody: both languages and themes, every width, on a wall, on paper, without scripts, for axe."""

import re
from importlib.resources import files
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.board_fixture import clerk_returns
from tests.browser.board_server import CHROMIUM, PAGES, BoardServer, headline, open_live_page, open_page

AXE = files("axe_playwright_python") / "axe.min.js"
WIDTHS = (360, 768, 1280, 1920)


pytestmark = [
    pytest.mark.parts,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (apt-get install chromium)"),
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_system_s_theme_is_followed_and_the_switch_leads_to_the_other(
    town: BoardServer, browser: Browser, scheme: Any
) -> None:
    other = {"light": "dark", "dark": "light"}[scheme]
    ground = "getComputedStyle(document.body).backgroundColor"
    colour = {"light": "rgb(239, 242, 245)", "dark": "rgb(11, 16, 23)"}
    async with town.serving(), open_page(browser, color_scheme=scheme) as page:
        await page.goto(town.url)
        assert await page.evaluate(ground) == colour[scheme]
        await page.locator(".bar .icon:visible").first.click()
        await page.goto(town.url)
        assert await page.locator("html").get_attribute("data-theme") == other
        assert await page.evaluate(ground) == colour[other]


async def test_english_is_a_switch_away_on_every_page(town: BoardServer, page: Page) -> None:
    async with town.serving():
        await open_live_page(page, f"{town.url}/wilayah/3276")
        await page.get_by_title("English").click()
        await headline(page).to_have_text(re.compile(r"4 of \d+ counters lack staff"))
        await expect(page.locator("#h-opd")).to_have_text("The next eight hours, Kota Depok")
        clerk_returns(town.board.view)
        await headline(page).to_contain_text("3 of")


async def test_the_wall_shows_what_needs_somebody_and_has_no_navigation(town: BoardServer, page: Page) -> None:
    async with town.serving():
        await page.goto(town.url)
        await page.get_by_role("link", name="Mode dinding").click()
        assert await page.evaluate("getComputedStyle(document.documentElement).fontSize") == "18px"
        assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(11, 16, 23)"
        await expect(page.locator(".opd:visible")).to_have_count(3)
        await expect(page.locator(".bar .icon:visible")).to_have_count(0)
        await page.get_by_role("link", name="Keluar").click()
        await expect(page.locator(".opd:visible")).to_have_count(38)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", PAGES)
async def test_nothing_scrolls_sideways(town: BoardServer, page: Page, width: int, path: str) -> None:
    await page.set_viewport_size({"width": width, "height": 900})
    async with town.serving():
        await page.goto(town.url + path)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_without_scripts_the_board_still_answers(town: BoardServer, browser: Browser) -> None:
    async with town.serving(), open_page(browser, java_script_enabled=False) as page:
        await page.goto(town.url)
        await headline(page).to_contain_text("4 dari")
        await page.locator("#ubin-3271").click()
        await expect(page.locator("#h-opd")).to_have_text("Delapan jam ke depan, Kota Bogor")


async def test_a_printed_board_has_no_buttons(town: BoardServer, page: Page) -> None:
    async with town.serving():
        await page.goto(town.url)
        await page.emulate_media(media="print")
        await expect(page.locator(".btn:visible, .icon:visible")).to_have_count(0)
        await expect(page.locator(".tile:visible")).to_have_count(28)


async def test_nobody_is_named_and_nothing_is_fetched_from_elsewhere(town: BoardServer, page: Page) -> None:
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    async with town.serving():
        for path in PAGES:
            await open_live_page(page, town.url + path)
            content = await page.content()
            assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}|\b\d{18}\b", content)
    assert {url.split("/")[2] for url in requested} == {f"127.0.0.1:{town.port}"}


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(town: BoardServer, browser: Browser, scheme: Any, width: int) -> None:
    view: dict[str, Any] = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme, "bypass_csp": True}
    async with town.serving(), open_page(browser, **view) as page:
        for path in (*PAGES, "/?dinding=1"):
            await page.goto(town.url + path)
            assert await violations(page) == [], path
        await page.goto(town.url)
        await page.evaluate("document.querySelector('main').replaceChildren(document.getElementById('putus').content)")
        assert await violations(page) == [], "cut off"


async def violations(page: Page) -> list[str]:
    """Return the violations that axe-core finds: rule and elements."""
    await page.evaluate(AXE.read_text())
    # Only the violations leave the browser: passing on the whole result, with all elements, takes as long as axe.
    found = await page.evaluate("axe.run().then(results => results.violations)")
    return [f"{v['id']}: {[node['html'] for node in v['nodes']][:3]}" for v in found]
