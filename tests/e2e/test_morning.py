"""Runs a morning of two governments on real Kafka and PostgreSQL with killed processes, and checks its report."""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, process_time, sleep
from typing import Any

import pytest

from deploy.local.deadlines import scaled
from deploy.local.postgresql import Postgresql
from tests.support.figures import Figures
from tests.support.seeds import choose_seed, repeat_line
from tests.support.waiting import block_until

ROOT = Path(__file__).parents[2]
WORLD_OPTIONS = ("--regions", "32,3277", "--people", "1500", "--seed", "7")
FULL_SPEED = 240
MEASURED_S, QUIET_SHARE = 1, 0.5
"""Beside two other test processes, a process that only computes gets at least this share of one of two cores."""
COMMANDS = {"serve": "deploy.cli\0serve", "worker": "services.reporting.worker", "relay": "deploy.cli\0relay"}
FIGURES = ("checkin_to_view_ms", "startup_seconds", "rss_mb", "commands", "coverage_rows")

READY_WITHIN_S = 150

pytestmark = [pytest.mark.parts, pytest.mark.timeout(scaled(900))]


def speed_of_this_machine() -> float:
    """Return the speed of the play: slower on a loaded machine, so that short situations are recorded in time."""
    started_at, cpu_s = monotonic(), process_time()
    while monotonic() - started_at < MEASURED_S:
        pass
    share = (process_time() - cpu_s) / MEASURED_S
    return round(FULL_SPEED * min(1 / scaled(1), share / QUIET_SHARE))


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, postgresql: Postgresql) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("morning")
    speed = speed_of_this_machine()
    files = ("--report", str(folder / "report.json"), "--truth", str(folder / "truth.json"))
    store = ("--store", postgresql.create_database("morning"))
    command = [
        sys.executable,
        "-m",
        "deploy.cli",
        "demo",
        "--headless",
        "--port",
        "0",
        "--no-observe",  # its memory and its speed are measured
        *WORLD_OPTIONS,
        # Until 08:30 the situations are at posts that open at eight o'clock.
        *("--speed", f"{speed:g}", "--from", "07:10", "--to", "08:30"),
        *files,
        *store,
    ]
    with (folder / "output").open("w") as output, (folder / "log").open("w") as log:
        demo = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=log)
    seed = choose_seed()
    with demo:
        killed = list(kill_processes(demo.pid, folder, random.Random(seed)))  # noqa: S311
        status = demo.wait(scaled(240) * FULL_SPEED / speed)
    outcome: dict[str, Any] = {"status": status, "killed": killed, "log": (folder / "log").read_text()}
    outcome["repeat"] = repeat_line(seed)
    assert (folder / "report.json").exists(), outcome["log"][-3000:]
    report: dict[str, Any] = json.loads((folder / "report.json").read_text())
    return report | outcome | {"truth": json.loads((folder / "truth.json").read_text())}


@pytest.fixture(autouse=True)
def print_repeat_line(played: dict[str, Any]) -> None:
    """Print the line in every test, because the output of the fixture belongs to the first one only."""
    print(played["repeat"])


def kill_processes(demo: int, folder: Path, chance: random.Random) -> Iterator[str]:
    """Kill each process (SIGKILL) at a random moment; yield its name.

    The application is killed while the offices are entered. In the morning, an hour would pass until it has started
    again on a loaded machine, and short situations would be recorded late.
    """
    block_until(lambda: "The board is at" in (folder / "log").read_text(), READY_WITHIN_S, "the first row is there")
    sleep(chance.uniform(0, 2))  # any moment of its work
    yield from kill_children(demo, "serve")
    block_until(lambda: "Ctrl-C" in (folder / "output").read_text(), READY_WITHIN_S, "the demo is up")
    for name in ("worker", "relay"):
        sleep(chance.uniform(1, 4))  # any moment of its work
        yield from kill_children(demo, name)


def kill_children(demo: int, name: str) -> Iterator[str]:
    for pid in Path(f"/proc/{demo}/task/{demo}/children").read_text().split():
        if COMMANDS[name] in Path(f"/proc/{pid}/cmdline").read_text():
            os.kill(int(pid), signal.SIGKILL)
            yield name


def test_each_process_was_killed_on_the_way_and_started_again(played: dict[str, Any]) -> None:
    assert played["killed"] == ["serve", "worker", "relay"]
    assert played["log"].count("was started again") >= 3


def test_nothing_is_lost_nothing_appears_and_the_view_is_what_the_taps_say(played: dict[str, Any]) -> None:
    errors = {name: played[name] for name in ("lost", "phantom", "divergent_posts")}
    assert errors == {"lost": 0, "phantom": 0, "divergent_posts": 0}, played["divergent"]
    assert played["events_stored"] == played["events_in_kafka"] > 3_000


def test_every_state_and_every_planted_situation_is_seen(played: dict[str, Any]) -> None:
    assert {name for name, is_found in played["planted_found"].items() if not is_found} == set()
    assert {state for state, posts in played["states_seen"].items() if not posts} == set()
    assert played["status"] == 0, played["log"]


def test_people_are_present_by_place_of_work(played: dict[str, Any]) -> None:
    assert {mode for mode, heads in played["modes_seen"].items() if heads} == {"WFO", "WFH", "AWAY"}


def test_the_truth_is_reported_beside_what_was_disclosed_and_is_more(played: dict[str, Any]) -> None:
    posts = played["truth"]["posts"]
    assert len(posts) > 50
    assert any(post["truth"] != post["disclosed"] for post in posts.values())
    assert played["undisclosed_posts"] > 0


def test_the_report_has_its_figures(played: dict[str, Any], figures: Figures) -> None:
    figures.append(
        f"a morning of 1,500 people, {played['speed']:g} times as fast: { {name: played[name] for name in FIGURES} }"
    )
    assert played["checkin_to_view_ms"]["p99"] > played["checkin_to_view_ms"]["p50"] > 0
    assert played["broker"].startswith("Apache Kafka")
