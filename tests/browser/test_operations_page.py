"""The operators' page in Chromium: accessible, by keyboard, refreshed without losing a form, honest when cut off."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.board_server import CHROMIUM, headline, open_page
from tests.browser.test_board_accessibility import violations
from tests.support.dead_letter_site import DeadLetterSite, dead_letter_site
from tests.support.example_facts import at
from tests.support.http_server import running_server
from tests.support.operations_faults import WRONG_KEY, with_every_fault

OVERLAPPING_TEXTS = """() => [...document.querySelectorAll("main li")].flatMap((row) => {
  const boxes = [], texts = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
  for (let text; (text = texts.nextNode()); ) {
    if (!text.data.trim() || text.parentElement.closest(".vh, select")) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    boxes.push(...[...range.getClientRects()].map((box) => ({ text, box })));
  }
  const shared = (a, b, start, end) => Math.min(a[end], b[end]) - Math.max(a[start], b[start]);
  const overlap = (a, b) => shared(a, b, "left", "right") > 1 && shared(a, b, "top", "bottom") > 1;
  return boxes.flatMap((a, n) => boxes.slice(n + 1).filter((b) => a.text !== b.text && overlap(a.box, b.box))
    .map((b) => `${a.text.data} | ${b.text.data}`));
})"""
"""The pairs of texts in the same row of a list whose lines share more than a pixel in both directions."""

pytestmark = [
    pytest.mark.parts,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (apt-get install chromium)"),
]


@asynccontextmanager
async def served(folder: Path, port: int = 0) -> AsyncIterator[tuple[DeadLetterSite, str]]:
    async with dead_letter_site(folder) as site, running_server(site.app, port) as address:
        yield site, address


def link(site: DeadLetterSite, address: str) -> str:
    return f"{address}/masuk?token={site.token()}&ke=/operasi"


async def refresh(page: Page) -> None:
    """Let ten seconds pass on the page's clock, and wait for what it then requests."""
    async with page.expect_request_finished():
        await page.clock.run_for(10_000)


async def test_an_operator_replays_a_letter_with_the_keyboard_only(tmp_path: Path, page: Page) -> None:
    async with served(tmp_path) as (site, address):
        site.records.put_aside(site.stored[0], WRONG_KEY, at("07:41"))
        await page.goto(link(site, address))
        await headline(page).to_have_text("Semua berjalan; 1 surat mati menunggu keputusan")
        await page.get_by_role("button", name="Kirim ulang").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("status").filter(has_text="Keputusan tersimpan.")).to_be_visible()
        await headline(page).to_have_text("Semua berjalan: 3 proses")
        assert len(site.records.sent) == 1


async def test_bad_bytes_are_refused_on_the_page_and_discarded_with_a_reason(tmp_path: Path, page: Page) -> None:
    async with served(tmp_path) as (site, address):
        site.records.put_aside(b"\xff\x00 no json", "event: Invalid JSON", at("07:41"))
        await page.goto(link(site, address))
        await page.get_by_role("button", name="Kirim ulang").click()
        await expect(page.get_by_role("alert")).to_contain_text("masih tidak terbaca oleh program ini")
        await page.get_by_label("Alasan membuang").select_option("TEST_RECORD")
        await page.get_by_role("button", name="Buang").click()
        await expect(page.locator("#surat-mati")).to_contain_text("dibuang")
        assert await site.facts() == ["dead-letter-discarded"]


async def test_the_page_refreshes_itself_but_keeps_a_form_in_use(tmp_path: Path, page: Page) -> None:
    async with served(tmp_path) as (site, address):
        site.records.put_aside(b"\xff", "event: Invalid JSON", at("07:41"))
        await page.clock.install()
        await page.goto(link(site, address))
        await expect(page.locator("#live")).to_have_text("Langsung")
        await page.get_by_label("Alasan membuang").select_option("TEST_RECORD")
        site.servers.metrics["worker:3/metrics"] = None
        await refresh(page)
        await expect(page.locator("#live")).to_have_text("Ditahan")
        await expect(page.get_by_label("Alasan membuang")).to_have_value("TEST_RECORD")
        await page.get_by_label("Alasan membuang").select_option("BROKEN_BYTES")
        await page.evaluate("document.activeElement.blur()")
        await refresh(page)
        await headline(page).to_have_text("worker tidak menjawab")
        await expect(page.locator("#live")).to_have_text("Langsung")


async def test_when_the_server_is_gone_nothing_is_shown_as_working(tmp_path: Path, page: Page) -> None:
    await page.clock.install()
    async with dead_letter_site(tmp_path) as site:
        async with running_server(site.app) as address:
            await page.goto(link(site, address))
            await headline(page).to_have_text("Semua berjalan: 3 proses")
        await page.clock.run_for(10_000)
        await expect(page.locator("#putus")).to_be_visible()
        await expect(page.locator("main")).to_be_hidden()
        async with running_server(site.app, int(address.rsplit(":", 1)[1])):
            await page.clock.run_for(10_000)
            await expect(page.locator("#putus")).to_be_hidden()
            await headline(page).to_have_text("Semua berjalan: 3 proses")


async def test_without_scripts_the_forms_work(tmp_path: Path, browser: Browser) -> None:
    async with served(tmp_path) as (site, address), open_page(browser, java_script_enabled=False) as page:
        site.records.put_aside(site.stored[0], WRONG_KEY, at("07:41"))
        await page.goto(link(site, address))
        await expect(page.locator("#live")).to_be_hidden()
        await page.get_by_role("button", name="Kirim ulang").click()
        await headline(page).to_have_text("Semua berjalan: 3 proses")


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
async def test_nothing_scrolls_sideways(tmp_path: Path, browser: Browser, width: int) -> None:
    view: dict[str, Any] = {"viewport": {"width": width, "height": 900}}
    async with served(tmp_path) as (site, address), open_page(browser, **view) as page:
        await with_every_fault(site)
        await page.goto(link(site, address))
        for lang in ("id", "en"):
            await page.goto(f"{address}/operasi?lang={lang}")
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), lang


@pytest.mark.parametrize("width", [320, 360])
@pytest.mark.parametrize("lang", ["id", "en"])
async def test_no_two_texts_of_a_row_lie_on_each_other(tmp_path: Path, browser: Browser, lang: str, width: int) -> None:
    view: dict[str, Any] = {"viewport": {"width": width, "height": 900}}
    async with served(tmp_path) as (site, address), open_page(browser, **view) as page:
        await with_every_fault(site)
        await page.goto(link(site, address))
        await page.goto(f"{address}/operasi?lang={lang}")
        await expect(page.locator("#surat-mati li", has_text="/1/393939")).to_be_visible()
        assert await page.evaluate(OVERLAPPING_TEXTS) == []


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["id", "en"])
async def test_axe_finds_nothing_on_the_operators_page(
    tmp_path: Path, browser: Browser, lang: str, scheme: Any, width: int
) -> None:
    view: dict[str, Any] = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme, "bypass_csp": True}
    async with served(tmp_path) as (site, address), open_page(browser, **view) as page:
        await page.goto(f"{address}/operasi?lang={lang}")
        assert await violations(page) == [], "without a token"
        await page.goto(link(site, address))
        assert await violations(page) == [], "all is well"
        await with_every_fault(site)
        await page.goto(f"{address}/operasi")
        assert await violations(page) == [], "every fault"
        await page.evaluate("document.getElementById('putus').hidden = false")
        assert await violations(page) == [], "cut off"
