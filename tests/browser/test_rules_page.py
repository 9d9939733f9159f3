"""Checks the rules page of a region in Chromium: accessibility, keyboard use, and enacting a preset."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.board_server import CHROMIUM, headline, open_page
from tests.browser.rules_server import RulesServer
from tests.browser.test_board_accessibility import violations

SE_188 = "jabar-2026-se-188"
BEFORE = "Jumat, 10 April 2026: 4 instrumen berlaku, 1 konflik"
AFTER = "Jumat, 10 April 2026: 5 instrumen berlaku, 2 konflik"

pytestmark = [
    pytest.mark.parts,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (apt-get install chromium)"),
]


@pytest.fixture
def server(tmp_path: Path) -> RulesServer:
    return RulesServer(tmp_path)


async def fill(page: Page, token: str) -> None:
    """Choose the preset and send the form, with the keyboard only."""
    await page.get_by_role("link", name="SE 188/KPG.03/BKD").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Belum mengikat siapa pun")).to_be_visible()
    await page.get_by_label("Jabatan yang menegaskan").focus()
    await page.keyboard.type("Kepala BKD")
    await page.keyboard.press("Tab")
    await page.keyboard.type(token)
    await page.keyboard.press("Enter")


async def test_an_official_enacts_from_an_example_by_keyboard_and_sees_the_new_state(
    server: RulesServer, page: Page
) -> None:
    async with server.serve("32", [SE_188]) as address:
        await page.goto(address)
        await headline(page).to_have_text(BEFORE)
        await fill(page, server.issuer.sign("sri", roles=["PERSONNEL"], region="32"))
        await expect(page.get_by_role("status")).to_contain_text("SE 188/KPG.03/BKD tercatat.")
        await headline(page).to_have_text(AFTER)


async def test_a_bad_token_says_so_beside_the_form_and_loses_nothing_but_itself(
    server: RulesServer, page: Page
) -> None:
    async with server.serve("32", [SE_188]) as address:
        await page.goto(address)
        await fill(page, "bukan-token")
        await expect(page.get_by_role("alert")).to_contain_text("Token tidak dapat dipercaya di sini.")
        await expect(page.get_by_label("Jabatan yang menegaskan")).to_have_value("Kepala BKD")
        await expect(page.get_by_label("Token pejabat")).to_have_value("")
        await expect(page.get_by_label("Token pejabat")).to_be_focused()
        assert "bukan-token" not in page.url
        await page.keyboard.type(server.issuer.sign("sri", roles=["PERSONNEL"], region="32"))
        await page.keyboard.press("Enter")
        await headline(page).to_have_text(AFTER)


async def test_another_date_is_asked_for_with_a_plain_form(server: RulesServer, page: Page) -> None:
    async with server.serve("3276") as address:
        await page.goto(address)
        await page.get_by_label("Tanggal", exact=True).fill("2026-02-23")
        await page.get_by_role("button", name="Tampilkan").click()
        await headline(page).to_have_text("Senin, 23 Februari 2026: 3 instrumen berlaku, 0 konflik")
        await page.get_by_title("English").click()
        await headline(page).to_have_text("Monday, 23 February 2026: 3 instruments in force, 0 conflicts")


async def test_the_timeline_is_described_to_a_screen_reader(server: RulesServer, page: Page) -> None:
    async with server.serve("3276") as address:
        await page.goto(address)
        timeline = page.get_by_role("img", name="SE 800/80/BKPSDM/2026")
        await expect(timeline).to_have_accessible_name("SE 800/80/BKPSDM/2026: Berlaku sejak 17 Februari 2026")


@pytest.mark.parametrize("width", [360, 1920])
async def test_the_page_never_scrolls_sideways(server: RulesServer, browser: Browser, width: int) -> None:
    async with (
        server.serve("32", [SE_188]) as address,
        open_page(browser, viewport={"width": width, "height": 900}) as page,
    ):
        for query in ("", f"?contoh={SE_188}", "?tanggal=2026-02-23", "?lang=en"):
            await page.goto(address + query)
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), query


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_on_the_page_of_the_rules(
    server: RulesServer, browser: Browser, scheme: Any, width: int
) -> None:
    view: dict[str, Any] = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme, "bypass_csp": True}
    async with server.serve("32", [SE_188]) as address, open_page(browser, **view) as page:
        for query in ("", f"?contoh={SE_188}", "?contoh=tidak-ada", "?tanggal=kemarin", "?tanggal=2025-12-25"):
            await page.goto(address + query)
            await page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
            assert await violations(page) == [], query


async def test_axe_finds_nothing_where_nothing_is_on_record(server: RulesServer, browser: Browser) -> None:
    async with server.serve("3277", ["*"]) as address, open_page(browser, bypass_csp=True) as page:
        await page.goto(address)
        await headline(page).to_have_text("Jumat, 10 April 2026: belum ada instrumen di Kota Cimahi")
        assert await violations(page) == []
