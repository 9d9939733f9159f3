"""What the demo promises: a living board, a tap that turns a counter in the browser, no name, nothing left behind."""

import asyncio
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import httpx
import pytest
from playwright.async_api import Page, async_playwright, expect

from deploy.local.deadlines import scaled
from deploy.local.server_process import free_ports
from deploy.observability.catalogue import catalogue
from deploy.reference_world.synthetic_people import FIRST_NAMES
from tests.browser.board_server import CHROMIUM
from tests.support.figures import Figures
from tests.support.panel_answers import all_panels_have_values
from tests.support.scraped_series import outside_catalogue
from tests.support.waiting import LIMIT_S, block_until

ROOT = Path(__file__).parents[2]
READY_WITHIN_S = 150
MORNING = ("--regions", "32", "--people", "700", "--speed", "40", "--from", "07:48", "--to", "08:45")

EXPECTED_OUTPUT = (
    '"won_by"',
    '"work_date":"2025-11-06"',
    "attendance/32/{opd}/2025-11-06/",
    "32/{opd} ",
)
"""What each command of the README shows: the effective policy, the rosters of the day, the taps by SSE and Kafka."""

pytestmark = pytest.mark.parts


class Demo(NamedTuple):
    """A demo that runs, and what it has printed."""

    process: "subprocess.Popen[bytes]"
    board: str
    page: str
    counter: str
    curl: str
    variables: str
    settings: str
    prometheus: str
    operator: str
    log: Path

    @property
    def children(self) -> list[int]:
        return [
            int(pid) for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        ]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "deploy.cli", "demo", "--port", str(free_ports(1)[0]), *MORNING]
    with (folder / "printed").open("w") as printed, (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=printed, stderr=log)
    try:
        yield _printed(process, folder)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(scaled(60))


def _printed(process: "subprocess.Popen[bytes]", folder: Path) -> Demo:
    printed, log = folder / "printed", folder / "log"
    block_until(
        lambda: process.poll() is not None or "Ctrl-C" in printed.read_text(),
        READY_WITHIN_S,
        lambda: f"the demo is up: {log.read_text()[-2000:]}",
    )
    text = printed.read_text()
    critical = re.search(r"Nobody comes to (\S+) of (\S+), \S+: (http://\S+)", text)
    board, curl = re.search(r"http://\S+", text), re.search(r"curl .*?}'\n", text, re.DOTALL)
    variables, settings = re.search(r"export PIKET=.*", text), re.search(r"export PIKET_.*", text)
    assert critical, f"{text}\n{log.read_text()[-2000:]}"
    assert board, text
    assert curl, text
    assert variables, text
    assert settings, text
    prometheus, operator = re.search(r"Prometheus: (http://\S+)", text), re.search(r"http://\S+/masuk\S+", text)
    assert prometheus, text
    assert operator, text
    counter = f"#pos-{critical[2]}-{critical[1]}"
    printed_values = (curl[0], variables[0], settings[0], prometheus[1], operator[0])
    return Demo(process, board[0], critical[3], counter, *printed_values, log)


async def test_a_reader_is_the_clerk_whom_the_board_misses(demo: Demo, figures: Figures) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        board, page = await browser.new_page(), await browser.new_page()
        for shown in (board, page):
            shown.set_default_timeout(scaled(1000 * LIMIT_S))
        await board.goto(demo.board)
        await page.goto(demo.page)
        await expect(page.locator(demo.counter)).to_have_attribute("data-state", "kritis", timeout=scaled(60_000))
        await expect(board.locator(".now li").first).to_be_visible()
        await expect(board.locator("header")).to_contain_text("Jam demo")
        began = perf_counter()
        curl = await asyncio.create_subprocess_shell(demo.curl, stdout=subprocess.PIPE)
        answer, _ = await curl.communicate()
        answered = perf_counter()
        await expect(page.locator(demo.counter)).to_have_attribute("data-state", re.compile("aman|rawan"))
        seen = perf_counter()
        figures.append(f"check-in sent to 201: {answered - began:.2f} s; to seen in Chromium: {seen - began:.2f} s")
        assert [await named(shown) for shown in (board, page)] == [[], []]
        await browser.close()
    assert b"checked-in" in answer


async def test_an_operator_signs_in_by_the_printed_link_and_sees_that_all_processes_work(demo: Demo) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page()
        await page.goto(demo.operator)
        # The alert about the counter where nobody came may fire by then.
        works = re.compile(r"Semua berjalan: 3 proses|Semua proses berjalan; \d+ peringatan menyala")
        await expect(page.locator("h1")).to_have_text(works, timeout=scaled(60_000))
        assert (page.url.endswith("/operasi"), await named(page)) == (True, [])
        await browser.close()


async def named(page: Page) -> list[str]:
    """Names of people, NIP and ids on a page."""
    text = await page.content()
    return re.findall(r"\bContoh\b|\b\d{18}\b|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}", text) + [
        name for name in FIRST_NAMES if re.search(rf"\b{name} \d", text)
    ]


@pytest.mark.parametrize("number", range(4))
def test_the_commands_of_the_readme_follow_policy_roster_and_attendance_of_one_opd(demo: Demo, number: int) -> None:
    (block,) = re.findall(r"```sh follow\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    commands = re.split(r"\n(?=curl|kcat)", block.strip())
    assert len(commands) == 4
    script = f"{demo.variables}\n{commands[number]}"
    command = ["timeout", f"{scaled(8):g}", "bash", "-c", script]  # some of the commands follow without an end
    printed = subprocess.run(command, check=False, capture_output=True, text=True).stdout
    opd = re.findall(r"OPD=(\S+)", demo.variables)[0]
    assert EXPECTED_OUTPUT[number].format(opd=opd) in printed, printed[:2000]


@pytest.mark.parametrize("command", ["verify attendance --region 32", "doctor"])
def test_an_operator_finds_no_fault_in_a_running_demo(demo: Demo, command: str) -> None:
    script = f"{demo.settings}\n{sys.executable} -m deploy.cli {command}"
    result = subprocess.run(["bash", "-c", script], check=False, capture_output=True, text=True, cwd=ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


async def test_prometheus_scrapes_what_the_catalogue_lists_and_every_panel_has_a_value(demo: Demo) -> None:
    with httpx.Client(base_url=demo.prometheus) as prometheus:
        await all_panels_have_values(prometheus)
    async with httpx.AsyncClient(base_url=f"{demo.prometheus}/api/v1") as api:
        up = (await api.get("/query", params={"query": "up"})).json()["data"]["result"]
        groups = (await api.get("/rules")).json()["data"]["groups"]
        series = (await api.get("/series", params={"match[]": '{job="piket"}'})).json()["data"]
    assert {(one["metric"]["process"], one["value"][1]) for one in up} == {
        (process, "1") for process in ("app", "relay", "worker")
    }
    assert {rule["health"] for group in groups for rule in group["rules"]} == {"ok"}
    assert outside_catalogue(series, catalogue()) == []


def test_ctrl_c_ends_every_process_and_keeps_nothing(demo: Demo) -> None:
    children = demo.children
    assert len(children) >= 4
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(scaled(60)) == 0
    assert [pid for pid in children if Path(f"/proc/{pid}").exists()] == []
    assert "nothing was kept" in demo.log.read_text()
