"""What the demo promises: the printed curl turns the counter from KRITIS to covered, in the browser, naming no one."""

import asyncio
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, perf_counter, sleep
from typing import NamedTuple

import pytest
from playwright.async_api import async_playwright, expect

from deploy.local.child import free_ports
from tests.dpmptsp import OFFICE

CHROMIUM = next((path for path in ("/usr/bin/chromium", "/usr/bin/chromium-browser") if Path(path).exists()), None)
ROOT = Path(__file__).parents[2]
READY_WITHIN_S = 120

pytestmark = pytest.mark.parts


class Demo(NamedTuple):
    """What the demo has printed."""

    page: str
    curl: str


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    command = [sys.executable, "-m", "deploy.operate", "demo", "--port", str(free_ports(1)[0])]
    with (tmp_path / "said").open("w") as said, (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=log)
    try:
        yield _printed(process, tmp_path)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def _printed(process: "subprocess.Popen[bytes]", folder: Path) -> Demo:
    deadline = monotonic() + READY_WITHIN_S
    while process.poll() is None and monotonic() < deadline:
        said = (folder / "said").read_text()
        if "Ctrl-C" in said:
            page, curl = re.search(r"http://\S+/opd/\S+", said), re.search(r"curl .*?}'\n", said, re.DOTALL)
            assert page, said
            assert curl, said
            return Demo(page[0], curl[0])
        sleep(0.1)
    raise AssertionError(f"the demo did not come up: {(folder / 'log').read_text()[-2000:]}")


async def test_the_printed_check_in_turns_the_counter_in_the_browser_and_names_no_one(
    demo: Demo, figures: list[str]
) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page()
        await page.goto(demo.page)
        heading, counter = page.get_by_role("heading", level=1), page.locator("#pos-FRONT-LOKET-1")
        await expect(heading).to_contain_text("1 dari 2 titik layanan DPMPTSP kekurangan petugas")
        await expect(counter).to_contain_text("Kritis")
        began = perf_counter()
        curl = await asyncio.create_subprocess_shell(demo.curl, stdout=subprocess.PIPE)
        answer, _ = await curl.communicate()
        answered = perf_counter()
        await expect(counter).to_have_attribute("data-state", "aman", timeout=20_000)
        seen = perf_counter()
        await expect(heading).to_contain_text("Semua titik layanan DPMPTSP cukup petugas: 2 dari 2")
        figures.append(f"check-in sent to 201: {answered - began:.2f} s; to seen in Chromium: {seen - began:.2f} s")
        text = await page.content()
        await browser.close()
    assert b"checked-in" in answer
    assert [person["name"] for person in OFFICE["people"] if _named(person, text)] == []
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}", text), "no person's id either"


def _named(person: dict[str, str], text: str) -> bool:
    return person["name"].split()[0] in text or person["nip"] in text
