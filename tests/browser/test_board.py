"""The board in Chromium, on a view in memory: what it says at a glance, by keyboard, and as it changes."""

import re
from time import perf_counter

import pytest
from playwright.async_api import Page, expect

from tests.browser.board_fixture import clerk_returns
from tests.browser.board_server import CHROMIUM, BoardServer, headline, open_live_page, states
from tests.support.figures import Figures

pytestmark = [
    pytest.mark.parts,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (apt-get install chromium)"),
]


async def test_the_first_glance_says_how_many_lack_staff_and_who_longest(town: BoardServer, page: Page) -> None:
    async with town.serving():
        await page.goto(town.url)
        await headline(page).to_have_text(re.compile(r"4 dari \d+ titik layanan kekurangan petugas"))
        places = await page.locator(".now .where").all_inner_texts()
        assert places == [
            "Loket 1, Uji Kendaraan",
            "KTP el, Kecamatan Cipayung",
            "Kasir, Samsat Bandung III",
            "IGD, RSUD Pameungpeuk",
            "1 titik layanan",
        ]
        await expect(page.locator(".now li").nth(1)).to_contain_text("sejak 09.00 (41 mnt)")


async def test_every_state_is_on_the_map_as_a_word(town: BoardServer, page: Page) -> None:
    async with town.serving():
        await page.goto(town.url)
        words = await page.locator(".tile .vh").all_inner_texts()
        assert set(words) == {"Kritis", "Tidak diketahui", "Rawan", "Aman", "Tutup", "Belum tersambung"}
        assert len(words) == 28


async def test_the_opd_of_the_province_are_listed_the_worst_first(town: BoardServer, page: Page) -> None:
    async with town.serving():
        await page.goto(town.url)
        rows = await states(page, ".opd", "data-row")
        assert (len(rows), rows[:4]) == (38, ["kritis", "kritis", "rawan", "aman"])


async def focus_on(page: Page, selector: str) -> None:
    """Press Tab until something is focused, as somebody without a mouse would."""
    for _ in range(120):
        await page.keyboard.press("Tab")
        if await page.evaluate(f"document.activeElement.matches('{selector}')"):
            return
    raise AssertionError(f"Tab never reaches {selector}")


async def test_from_the_map_to_a_counter_by_keyboard_alone(town: BoardServer, page: Page) -> None:
    async with town.serving():
        await page.goto(town.url)
        await focus_on(page, "#ubin-3276")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/wilayah/3276#opd")
        await focus_on(page, "#opd-3276-DISDUKCAPIL a")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/opd/3276/DISDUKCAPIL")
        await expect(page.locator("#pos-CIPAYUNG-KTP-EL")).to_contain_text("Kritis")
        await focus_on(page, ".crumbs a[href*=wilayah]")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/wilayah/3276#opd")


async def test_a_line_of_what_is_missing_leads_to_its_counter(town: BoardServer, page: Page) -> None:
    async with town.serving():
        await page.goto(town.url)
        await page.get_by_role("link", name="KTP el, Kecamatan Cipayung").click()
        await page.wait_for_url("**/opd/3276/DISDUKCAPIL#pos-CIPAYUNG-KTP-EL")
        await expect(page.locator(":target")).to_contain_text("0 dari 1 orang")


async def test_the_clerk_comes_and_the_board_says_so_at_once(town: BoardServer, page: Page, figures: Figures) -> None:
    async with town.serving():
        await open_live_page(page, town.url)
        await headline(page).to_contain_text("4 dari")
        began = perf_counter()
        clerk_returns(town.board.view)
        await headline(page).to_contain_text("3 dari")
        figures.append(f"row in the view to the heading of the board in Chromium: {perf_counter() - began:.2f} s")
        await expect(page.locator("#ubin-3276")).not_to_have_attribute("data-state", "kritis")


async def test_the_minute_turns_on_the_board(town: BoardServer, page: Page) -> None:
    async with town.serving():
        await open_live_page(page, town.url)
        town.day.advance(1)
        await expect(page.locator("main time")).to_have_text("09.42 WIB")
        await expect(page.locator(".now li").nth(1)).to_contain_text("(42 mnt)")


async def test_focus_and_order_stay_where_they_are_while_the_board_changes(town: BoardServer, page: Page) -> None:
    async with town.serving():
        await open_live_page(page, f"{town.url}/wilayah/3276")
        before = await states(page, ".opd", "id")
        await page.locator("#opd-3276-DISDUKCAPIL a").focus()
        clerk_returns(town.board.view)
        await headline(page).to_contain_text("3 dari")
        focused = await page.evaluate("document.activeElement.closest('li').id")
        assert (focused, await states(page, ".opd", "id")) == ("opd-3276-DISDUKCAPIL", before)


async def test_once_nobody_is_in_the_list_it_is_in_order_again(town: BoardServer, page: Page) -> None:
    async with town.serving():
        await open_live_page(page, f"{town.url}/wilayah/3276")
        await expect(page.locator(".opd").first).to_have_attribute("id", "opd-3276-DISDUKCAPIL")
        clerk_returns(town.board.view)
        await expect(page.locator(".opd").first).not_to_have_attribute("id", "opd-3276-DISDUKCAPIL")
