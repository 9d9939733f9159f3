"""A morning of two governments on real Kafka and PostgreSQL, processes killed on the way: its report shows all."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deploy.local.postgresql import Postgresql

ROOT = Path(__file__).parents[2]
TWO = ("--regions", "32,3277", "--people", "3000", "--seed", "7")
WHEN = ("--speed", "150", "--from", "06:50", "--to", "08:45")

FIGURES = ("checkin_to_view_ms", "startup_seconds", "rss_mb", "commands", "coverage_rows")

pytestmark = pytest.mark.parts


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, postgresql: Postgresql) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("morning")
    files = ("--report", str(folder / "report.json"), "--truth", str(folder / "truth.json"))
    command = [sys.executable, "-m", "deploy.operate", "demo", "--headless", "--port", "0", *TWO, *WHEN, *files]
    store = ("--store", postgresql.create_database("morning"))
    done = subprocess.run([*command, *store], cwd=ROOT, check=False, capture_output=True, text=True, timeout=280)
    assert (folder / "report.json").exists(), done.stderr[-3000:]
    report: dict[str, Any] = json.loads((folder / "report.json").read_text())
    return report | {
        "status": done.returncode,
        "said": done.stderr,
        "truth": json.loads((folder / "truth.json").read_text()),
    }


def test_nothing_is_lost_nothing_appears_and_the_view_is_what_the_taps_say(played: dict[str, Any]) -> None:
    assert {name: played[name] for name in ("lost", "phantom", "divergent_posts")} == {
        "lost": 0, "phantom": 0, "divergent_posts": 0,
    }, played["divergent"]  # fmt: skip
    assert played["events_stored"] == played["events_in_kafka"] > 3_000


def test_every_state_and_every_planted_situation_is_seen(played: dict[str, Any]) -> None:
    assert {name for name, found in played["planted_found"].items() if not found} == set()
    assert {state for state, posts in played["states_seen"].items() if not posts} == set()
    assert played["status"] == 0, played["said"]


def test_people_are_present_by_place_of_work(played: dict[str, Any]) -> None:
    assert {mode for mode, heads in played["modes_seen"].items() if heads} == {"WFO", "WFH", "AWAY"}


def test_the_truth_is_told_beside_what_was_disclosed(played: dict[str, Any]) -> None:
    posts = played["truth"]["posts"]
    assert len(posts) > 50
    assert any(post["truth"] != post["disclosed"] for post in posts.values())


def test_the_report_has_its_figures(played: dict[str, Any], figures: list[str]) -> None:
    shown = {
        name: played[name] for name in ("checkin_to_view_ms", "startup_seconds", "rss_mb", "commands", "coverage_rows")
    }
    figures.append(f"a morning of 3,000 people at 150 times the speed: {shown}")
    assert played["checkin_to_view_ms"]["p99"] > played["checkin_to_view_ms"]["p50"] > 0
    assert played["broker"].startswith("Apache Kafka")
