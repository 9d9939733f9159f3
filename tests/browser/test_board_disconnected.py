"""A board that receives no more updates: within twenty seconds it shows only unknown, and it recovers."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import monotonic

import pytest
from playwright.async_api import Page, expect

from deploy.local.deadlines import scaled
from tests.browser.board_fixture import clerk_returns
from tests.browser.board_server import CHROMIUM, BoardServer, headline, open_live_page, states
from tests.support.waiting import LIMIT_S, block_until, wait_until

ROOT = Path(__file__).parents[2]
UNKNOWN = "Keadaan semua titik layanan tidak diketahui sejak 09.41 WIB"
UNKNOWN_WITHIN_S = scaled(20)
"""The promise is 20 s on a quiet machine; on a loaded one, browser and server get no time to keep it."""


pytestmark = [
    pytest.mark.parts,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (apt-get install chromium)"),
]


async def test_within_twenty_seconds_without_signal_only_unknown_is_shown_and_then_all_is_live_again(
    town: BoardServer, page: Page
) -> None:
    async with town.serving():
        await open_live_page(page, town.url)
        await headline(page).to_contain_text("4 dari")
    cut = monotonic()
    await headline(page).to_have_text(UNKNOWN)
    assert monotonic() - cut < UNKNOWN_WITHIN_S
    assert set(await states(page, "main .tile, main .now li, main .pill")) == {"basi", "belum"}
    assert set(await states(page, ".opd", "data-row")) == {"basi"}
    assert not re.search(r"\d+ dari \d+", await page.locator("main").inner_text())
    await expect(page.locator(".note")).to_contain_text("Sambungan terputus sejak 09.41 WIB")
    clerk_returns(town.board.view)
    async with town.serving():
        await headline(page).to_contain_text("3 dari")
        await expect(page.locator("#live")).to_have_text("Langsung")


SERVER = """
import sys, threading, time
import uvicorn
from tests.browser.board_fixture import BoardClock, board_app
board = board_app(BoardClock())
def feed():
    while True:
        board.view.mark_complete()
        time.sleep(1)  # the interval in which a view learns that its sources are alive
threading.Thread(target=feed, daemon=True).start()
uvicorn.run(board.app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
"""


def is_listening(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@pytest.fixture
def process(town: BoardServer) -> Iterator["subprocess.Popen[bytes]"]:
    """The province in a process of its own, which can be frozen."""
    process = subprocess.Popen([sys.executable, "-c", SERVER, str(town.port)], cwd=ROOT)
    block_until(lambda: is_listening(town.port))
    yield process
    process.send_signal(signal.SIGCONT)
    process.kill()
    process.wait(scaled(LIMIT_S))


async def test_a_server_that_freezes_is_noticed_and_so_is_its_return(
    town: BoardServer, page: Page, process: "subprocess.Popen[bytes]"
) -> None:
    await open_live_page(page, town.url)
    await headline(page).to_contain_text("4 dari")
    os.kill(process.pid, signal.SIGSTOP)
    await headline(page).to_have_text(UNKNOWN, timeout=1000 * UNKNOWN_WITHIN_S)
    os.kill(process.pid, signal.SIGCONT)
    await headline(page).to_contain_text("4 dari")


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


async def test_a_connection_that_is_lost_without_a_close_is_detected_and_replaced(
    town: BoardServer, page: Page
) -> None:
    wire = Wire(town.port)
    async with town.serving(), wire.laid() as address:
        await open_live_page(page, address)
        await headline(page).to_contain_text("4 dari")
        wire.die()
        await headline(page).to_have_text(UNKNOWN, timeout=1000 * UNKNOWN_WITHIN_S)
        await page.clock.install()

        async def is_back() -> bool:
            await page.clock.fast_forward(5_000)  # the page tries again every five seconds
            await asyncio.sleep(scaled(1.5))  # time for one try
            return "4 dari" in await page.get_by_role("heading", level=1).inner_text()

        # The browser first tries the dead connections that it kept for later, one after another.
        await wait_until(is_back, seconds=90)


async def test_a_tab_that_was_suspended_shows_nothing_old_when_it_resumes(town: BoardServer, page: Page) -> None:
    async with town.serving():
        await open_live_page(page, town.url)
        await page.clock.install()
        await page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    await page.clock.fast_forward(60_000)
    await headline(page).to_contain_text("4 dari")
    await page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    await headline(page).to_have_text(UNKNOWN, timeout=scaled(1000))  # within a second on a quiet machine
