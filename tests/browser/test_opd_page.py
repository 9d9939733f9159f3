"""The page of DPMPTSP in Chromium, on a view in memory: live, honest when it is not, quiet for assistive technology."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from time import perf_counter

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, expect

from services.reporting.app import assemble
from services.reporting.view.rows import CoverageView
from shared.domain.facts.coverage import Coverage
from shared.identity import Identity
from tests.browser.board_server import CHROMIUM, open_page
from tests.support.example_facts import at
from tests.support.http_server import running_server
from tests.unit.reporting.test_current_status import row

SHORT = "1 dari 1 titik layanan DPMPTSP kekurangan petugas"
STAFFED = "Semua titik layanan DPMPTSP cukup petugas: 1 dari 1"

pytestmark = [
    pytest.mark.parts,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (apt-get install chromium)"),
]


class Office:
    """DPMPTSP at 08:15, a minute before the clerk of counter 1 arrives."""

    def __init__(self) -> None:
        self.time = at("08:15")
        self.view = CoverageView(lambda: self.time)
        self.view.apply_rows([row(())])
        self.view.mark_complete()
        self.app = assemble(self.view, Identity.from_jwks({"keys": []}, "", ""), lambda: self.time)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])

    @property
    def page(self) -> str:
        return f"http://127.0.0.1:{self.port}/opd/32/DPMPTSP"

    def check_in(self) -> None:
        self.view.mark_complete()
        came: Coverage = row(((495, 1), (900, 0)))
        self.view.apply_rows([came.model_copy(update={"revision": 2})])

    @asynccontextmanager
    async def served(self) -> AsyncIterator[None]:
        async with running_server(self.app, self.port):
            yield


@pytest.fixture
def office() -> Office:
    return Office()


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser) -> AsyncIterator[Page]:
    async with open_page(browser, viewport={"width": 360, "height": 740}) as page:
        yield page


async def live(page: Page, office: Office) -> None:
    async with page.expect_response("**/live?*"):
        await page.goto(office.page)


async def heading(page: Page, text: str) -> None:
    await expect(page.get_by_role("heading", level=1)).to_have_text(text)


async def test_a_check_in_turns_the_counter_before_the_eyes_of_the_reader(office: Office, page: Page) -> None:
    async with office.served():
        await live(page, office)
        await heading(page, SHORT)
        began = perf_counter()
        office.check_in()
        await heading(page, STAFFED)
        print(f"\nfrom the row in the view to the heading on the screen: {perf_counter() - began:.2f} s")
        assert await page.locator("#pos-FRONT-LOKET-1").get_attribute("data-state") == "aman"


async def test_the_minute_turns_on_the_screen(office: Office, page: Page) -> None:
    async with office.served():
        await page.goto(office.page)
        await expect(page.locator("main time")).to_have_text("08.15 WIB")
        office.time += timedelta(minutes=1)
        office.view.mark_complete()
        await expect(page.locator("main time")).to_have_text("08.16 WIB")


async def test_a_broken_stream_leaves_nothing_but_unknown_says_since_when_and_resumes_by_itself(
    office: Office, page: Page
) -> None:
    counter = page.locator("#pos-FRONT-LOKET-1")
    async with office.served():
        await live(page, office)
        await expect(counter).to_contain_text("Kritis")
    await heading(page, "Keadaan DPMPTSP tidak diketahui sejak 08.15 WIB")
    await expect(counter).to_have_attribute("data-state", "basi")
    await expect(page.locator("main")).not_to_contain_text("Kritis")
    await expect(page.locator("#live")).to_have_text("Terputus")
    office.time += timedelta(minutes=1)
    office.check_in()
    async with office.served():
        await heading(page, STAFFED)
        await expect(page.locator("#live")).to_have_text("Langsung")


async def test_what_was_shown_comes_back_if_it_is_still_so(office: Office, page: Page) -> None:
    async with office.served():
        await live(page, office)
        await heading(page, SHORT)
    await heading(page, "Keadaan DPMPTSP tidak diketahui sejak 08.15 WIB")
    office.view.mark_complete()
    async with office.served():
        await heading(page, SHORT)
        await expect(page.locator("#pos-FRONT-LOKET-1")).to_have_attribute("data-state", "kritis")


async def test_a_stream_that_never_began_is_asked_for_again(office: Office, page: Page) -> None:
    await page.route("**/live?*", lambda route: route.abort())
    await page.clock.install()
    async with office.served():
        await page.goto(office.page)
        await page.clock.fast_forward(13_000)
        await heading(page, "Keadaan DPMPTSP tidak diketahui sejak 08.15 WIB")
        office.check_in()
        await page.unroute("**/live?*")
        await page.clock.fast_forward(6_000)
        await heading(page, STAFFED)


async def test_the_heading_stays_the_same_element_so_that_a_screen_reader_says_only_what_changed(
    office: Office, page: Page
) -> None:
    async with office.served():
        await live(page, office)
        await page.evaluate("document.querySelector('h1').mine = true")
        office.check_in()
        await heading(page, STAFFED)
        assert (
            await page.evaluate("document.querySelector('h1').mine && document.querySelector('h1').ariaLive")
            == "polite"
        )


async def test_english_is_a_switch_away_and_is_kept(office: Office, page: Page) -> None:
    async with office.served():
        await page.goto(office.page)
        await page.get_by_title("English").click()
        await heading(page, "1 of 1 counters of DPMPTSP lacks staff")
        await page.goto(office.page)
        await heading(page, "1 of 1 counters of DPMPTSP lacks staff")
        office.check_in()
        await heading(page, "Every counter of DPMPTSP is staffed: 1 of 1")


async def test_on_a_slow_line_the_stream_still_begins(office: Office, page: Page) -> None:
    async def late(route: Route) -> None:
        await asyncio.sleep(1.5)  # the slow line
        await route.continue_()

    await page.route("**/hx-sse*", late)
    async with office.served():
        await live(page, office)
        office.check_in()
        await heading(page, STAFFED)


async def test_without_scripts_the_page_still_answers(office: Office, browser: Browser) -> None:
    async with office.served(), open_page(browser, java_script_enabled=False) as page:
        await page.goto(office.page)
        await heading(page, SHORT)


@pytest.mark.parametrize("width", [360, 1920])
async def test_nothing_is_cut_off_at_any_width(office: Office, page: Page, width: int) -> None:
    await page.set_viewport_size({"width": width, "height": 900})
    async with office.served():
        await page.goto(office.page)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_nothing_is_fetched_from_elsewhere(office: Office, page: Page) -> None:
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    async with office.served():
        await page.goto(office.page)
        await heading(page, SHORT)
    assert {url.split("/")[2] for url in requested} == {f"127.0.0.1:{office.port}"}
