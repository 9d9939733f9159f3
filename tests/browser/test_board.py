"""The board in Chromium, on a view in memory: one glance, by keyboard, live, honest when cut off, for everybody."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from importlib.resources import files
from pathlib import Path
from time import monotonic, perf_counter
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from shared.background import alongside
from tests.browser.province import Day, Province, clerk_comes, province
from tests.server import served

CHROMIUM = next((path for path in ("/usr/bin/chromium", "/usr/bin/chromium-browser") if Path(path).exists()), None)
ROOT = Path(__file__).parents[2]
AXE = files("axe_playwright_python") / "axe.min.js"
WIDTHS = (360, 768, 1280, 1920)
PAGES = ("/", "/wilayah/3276", "/opd/3276/DISDUKCAPIL")
UNKNOWN = "Keadaan semua titik layanan tidak diketahui sejak 09.41 WIB"
CUT_WITHIN_MS = 20_000

pytestmark = [
    pytest.mark.parts,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (apt-get install chromium)"),
]


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
            self.told.view.confirm()
            await asyncio.sleep(1)

    @asynccontextmanager
    async def served(self) -> AsyncIterator[None]:
        async with alongside(self._feed()), served(self.told.app, self.port):
            yield


@pytest.fixture
def town() -> Town:
    return Town()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


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


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser) -> AsyncIterator[Page]:
    async with opened(browser) as page:
        yield page


async def live(page: Page, address: str) -> None:
    async with page.expect_response(re.compile("/live\\?")):
        await page.goto(address)


def answer(page: Page) -> Any:
    return expect(page.get_by_role("heading", level=1))


async def states(page: Page, selector: str, attribute: str = "data-state") -> list[str]:
    found = await page.locator(selector).evaluate_all(f"all => all.map(one => one.getAttribute('{attribute}'))")
    return list(found)


async def test_the_first_glance_says_how_many_lack_staff_and_who_longest(town: Town, page: Page) -> None:
    async with town.served():
        await page.goto(town.url)
        await answer(page).to_have_text(re.compile(r"4 dari \d+ titik layanan kekurangan petugas"))
        places = await page.locator(".now .where").all_inner_texts()
        assert places == [
            "Loket 1, Uji Kendaraan",
            "KTP el, Kecamatan Cipayung",
            "Kasir, Samsat Bandung III",
            "IGD, RSUD Pameungpeuk",
            "1 titik layanan",
        ]
        await expect(page.locator(".now li").nth(1)).to_contain_text("sejak 09.00 (41 mnt)")


async def test_every_state_is_on_the_map_as_a_word(town: Town, page: Page) -> None:
    async with town.served():
        await page.goto(town.url)
        words = await page.locator(".tile .vh").all_inner_texts()
        assert set(words) == {"Kritis", "Tidak diketahui", "Rawan", "Aman", "Tutup", "Belum tersambung"}
        assert len(words) == 28


async def test_the_opd_of_the_province_are_listed_the_worst_first(town: Town, page: Page) -> None:
    async with town.served():
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


async def test_from_the_map_to_a_counter_by_keyboard_alone(town: Town, page: Page) -> None:
    async with town.served():
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


async def test_a_line_of_what_is_missing_leads_to_its_counter(town: Town, page: Page) -> None:
    async with town.served():
        await page.goto(town.url)
        await page.get_by_role("link", name="KTP el, Kecamatan Cipayung").click()
        await page.wait_for_url("**/opd/3276/DISDUKCAPIL#pos-CIPAYUNG-KTP-EL")
        await expect(page.locator(":target")).to_contain_text("0 dari 1 orang")


async def test_the_clerk_comes_and_the_board_says_so_at_once(town: Town, page: Page, figures: list[str]) -> None:
    async with town.served():
        await live(page, town.url)
        await answer(page).to_contain_text("4 dari")
        began = perf_counter()
        clerk_comes(town.told.view)
        await answer(page).to_contain_text("3 dari")
        figures.append(f"row in the view to the heading of the board in Chromium: {perf_counter() - began:.2f} s")
        await expect(page.locator("#ubin-3276")).not_to_have_attribute("data-state", "kritis")


async def test_the_minute_turns_on_the_board(town: Town, page: Page) -> None:
    async with town.served():
        await live(page, town.url)
        town.day.pass_by(1)
        await expect(page.locator("main time")).to_have_text("09.42 WIB")
        await expect(page.locator(".now li").nth(1)).to_contain_text("(42 mnt)")


async def test_focus_and_order_stay_where_they_are_while_the_board_changes(town: Town, page: Page) -> None:
    async with town.served():
        await live(page, f"{town.url}/wilayah/3276")
        before = await states(page, ".opd", "id")
        await page.locator("#opd-3276-DISDUKCAPIL a").focus()
        clerk_comes(town.told.view)
        await answer(page).to_contain_text("3 dari")
        focused = await page.evaluate("document.activeElement.closest('li').id")
        assert (focused, await states(page, ".opd", "id")) == ("opd-3276-DISDUKCAPIL", before)


async def test_once_nobody_is_in_the_list_it_is_in_order_again(town: Town, page: Page) -> None:
    async with town.served():
        await live(page, f"{town.url}/wilayah/3276")
        await expect(page.locator(".opd").first).to_have_attribute("id", "opd-3276-DISDUKCAPIL")
        clerk_comes(town.told.view)
        await expect(page.locator(".opd").first).not_to_have_attribute("id", "opd-3276-DISDUKCAPIL")


async def test_within_twenty_seconds_of_silence_nothing_but_unknown_is_shown_and_then_all_is_live_again(
    town: Town, page: Page
) -> None:
    async with town.served():
        await live(page, town.url)
        await answer(page).to_contain_text("4 dari")
    cut = monotonic()
    await answer(page).to_have_text(UNKNOWN, timeout=CUT_WITHIN_MS)
    assert monotonic() - cut < 20
    assert set(await states(page, "main .tile, main .now li, main .pill")) == {"basi", "belum"}
    assert set(await states(page, ".opd", "data-row")) == {"basi"}
    assert not re.search(r"\d+ dari \d+", await page.locator("main").inner_text())
    await expect(page.locator(".note")).to_contain_text("Sambungan terputus sejak 09.41 WIB")
    clerk_comes(town.told.view)
    async with town.served():
        await answer(page).to_contain_text("3 dari", timeout=CUT_WITHIN_MS)
        await expect(page.locator("#live")).to_have_text("Langsung")


SERVER = """
import sys, threading, time
import uvicorn
from tests.browser.province import Day, province
told = province(Day())
def feed():
    while True:
        told.view.confirm()
        time.sleep(1)
threading.Thread(target=feed, daemon=True).start()
uvicorn.run(told.app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
"""


@pytest.fixture
def process(town: Town) -> Iterator["subprocess.Popen[bytes]"]:
    """The province in a process of its own, which can be frozen."""
    process = subprocess.Popen([sys.executable, "-c", SERVER, str(town.port)], cwd=ROOT)
    deadline = monotonic() + 30
    while monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", town.port), 1):
            break
    yield process
    process.send_signal(signal.SIGCONT)
    process.kill()
    process.wait(10)


async def test_a_server_that_freezes_is_noticed_and_so_is_its_return(
    town: Town, page: Page, process: "subprocess.Popen[bytes]"
) -> None:
    await live(page, town.url)
    await answer(page).to_contain_text("4 dari")
    os.kill(process.pid, signal.SIGSTOP)
    await answer(page).to_have_text(UNKNOWN, timeout=CUT_WITHIN_MS)
    os.kill(process.pid, signal.SIGCONT)
    await answer(page).to_contain_text("4 dari", timeout=CUT_WITHIN_MS)


class Wire:
    """A line between browser and server that may go dead without anybody hanging up; new calls go through."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._carriers: list[asyncio.Task[None]] = []
        self._ends: list[asyncio.StreamWriter] = []

    @asynccontextmanager
    async def laid(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._call, "127.0.0.1", 0)
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self.die()
        for end in self._ends:
            end.close()
        server.close()

    def die(self) -> None:
        for carrier in self._carriers:
            carrier.cancel()

    async def _call(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, sender = await asyncio.open_connection("127.0.0.1", self._to)
        self._ends += [writer, sender]
        self._carriers += [asyncio.create_task(_carry(*pair)) for pair in ((reader, sender), (there, writer))]


async def _carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(65_536):
        sink.write(data)
        await sink.drain()
    sink.close()


async def test_a_line_that_went_dead_without_a_word_is_noticed_and_left_for_another(town: Town, page: Page) -> None:
    wire = Wire(town.port)
    async with town.served(), wire.laid() as address:
        await live(page, address)
        await answer(page).to_contain_text("4 dari")
        wire.die()
        await answer(page).to_have_text(UNKNOWN, timeout=CUT_WITHIN_MS)
        # The browser first tries the dead calls that it kept for later, five seconds each.
        await answer(page).to_contain_text("4 dari", timeout=90_000)


async def test_a_tab_that_slept_shows_nothing_old_when_it_wakes(town: Town, page: Page) -> None:
    async with town.served():
        await live(page, town.url)
        await page.clock.install()
        await page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    await page.clock.fast_forward(60_000)
    await answer(page).to_contain_text("4 dari")
    await page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    await answer(page).to_have_text(UNKNOWN, timeout=1000)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_system_s_theme_is_followed_and_the_switch_leads_to_the_other(
    town: Town, browser: Browser, scheme: Any
) -> None:
    other = {"light": "dark", "dark": "light"}[scheme]
    ground = "getComputedStyle(document.body).backgroundColor"
    colour = {"light": "rgb(239, 242, 245)", "dark": "rgb(11, 16, 23)"}
    async with town.served(), opened(browser, color_scheme=scheme) as page:
        await page.goto(town.url)
        assert await page.evaluate(ground) == colour[scheme]
        await page.locator(".bar .icon:visible").first.click()
        await page.goto(town.url)
        assert await page.locator("html").get_attribute("data-theme") == other
        assert await page.evaluate(ground) == colour[other]


async def test_english_is_a_switch_away_on_every_page(town: Town, page: Page) -> None:
    async with town.served():
        await live(page, f"{town.url}/wilayah/3276")
        await page.get_by_title("English").click()
        await answer(page).to_have_text(re.compile(r"4 of \d+ counters lack staff"))
        await expect(page.locator("#h-opd")).to_have_text("The next eight hours, Kota Depok")
        clerk_comes(town.told.view)
        await answer(page).to_contain_text("3 of")


async def test_the_wall_shows_what_needs_somebody_and_has_no_navigation(town: Town, page: Page) -> None:
    async with town.served():
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
async def test_nothing_scrolls_sideways(town: Town, page: Page, width: int, path: str) -> None:
    await page.set_viewport_size({"width": width, "height": 900})
    async with town.served():
        await page.goto(town.url + path)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_without_scripts_the_board_still_answers(town: Town, browser: Browser) -> None:
    async with town.served(), opened(browser, java_script_enabled=False) as page:
        await page.goto(town.url)
        await answer(page).to_contain_text("4 dari")
        await page.locator("#ubin-3271").click()
        await expect(page.locator("#h-opd")).to_have_text("Delapan jam ke depan, Kota Bogor")


async def test_a_printed_board_has_no_buttons(town: Town, page: Page) -> None:
    async with town.served():
        await page.goto(town.url)
        await page.emulate_media(media="print")
        await expect(page.locator(".btn:visible, .icon:visible")).to_have_count(0)
        await expect(page.locator(".tile:visible")).to_have_count(28)


async def test_nobody_is_named_and_nothing_is_fetched_from_elsewhere(town: Town, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    async with town.served():
        for path in PAGES:
            await live(page, town.url + path)
            said = await page.content()
            assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}|\b\d{18}\b", said)
    assert {url.split("/")[2] for url in asked} == {f"127.0.0.1:{town.port}"}


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(town: Town, browser: Browser, scheme: Any, width: int) -> None:
    view: dict[str, Any] = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme, "bypass_csp": True}
    async with town.served(), opened(browser, **view) as page:
        for path in (*PAGES, "/?dinding=1"):
            await page.goto(town.url + path)
            assert await violations(page) == [], path
        await page.goto(town.url)
        await page.evaluate("document.querySelector('main').replaceChildren(document.getElementById('putus').content)")
        assert await violations(page) == [], "cut off"


async def violations(page: Page) -> list[str]:
    """What axe-core has to say: rule and elements."""
    await page.evaluate(AXE.read_text())
    found = await page.evaluate("axe.run()")
    return [f"{v['id']}: {[node['html'] for node in v['nodes']][:3]}" for v in found["violations"]]
