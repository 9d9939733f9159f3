"""During an outage one alert is sent: a real Alertmanager is given all alerts and silences the consequences."""

import json
import shutil
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.local.server_process import Child, free_ports
from tests.support.waiting import wait_until

pytestmark = pytest.mark.parts

CONFIGURATION = Path(__file__).parents[2] / "deploy/observability/alertmanager.yaml"
Alert = Mapping[str, str]


def alert(name: str, severity: str = "page", **labels: str) -> Alert:
    return {"alertname": name, "severity": severity} | labels


LOKET = {"region": "32", "opd": "DPMPTSP", "service": "LOKET"}
KAFKA, WATCHDOG = alert("KafkaUnreachable"), alert("Watchdog", "none")
VIEW_STALE = alert("ViewStale", region="32")
STOPPED = alert("CheckInsStopped", region="32", clock="office")
NOBODY, TOO_FEW = alert("NoOfficerAtAll", clock="office", **LOKET), alert("ServiceUncovered", clock="office", **LOKET)
TOO_FEW_ELSEWHERE = alert("ServiceUncovered", clock="office", region="3276", opd="DPMPTSP", service="LOKET")
TOO_FEW_BESIDE = alert("ServiceUncovered", clock="office", region="32", opd="DPMPTSP", service="ARSIP")
BEHIND = [alert("RelayBehind", region="32", service="roster"), alert("WorkerBehind", region="32")]
SLOW, SLOW_TICKET = (
    alert("CheckInToViewBudgetBurn", region="32"),
    alert("CheckInToViewBudgetBurn", "ticket", region="32"),
)
FAILING = alert("CheckInAvailabilityBudgetBurn")
DEAD_LETTERS = alert("DeadLettersGrowing", "ticket", region="32", topic="piket.32.roster.v1")
APP, RELAY, WORKER = (alert("MetricsAbsent", process=process) for process in ("app", "relay", "worker"))
ONE_WORKER = alert("TargetDown", process="worker", instance="127.0.0.1:1", job="piket")
COVERAGE = [NOBODY, TOO_FEW, STOPPED]

# What is sent, and what is silenced meanwhile.
OUTAGES: Mapping[str, tuple[Sequence[Alert], Sequence[Alert]]] = {
    "the broker is unreachable": (
        [KAFKA],
        [VIEW_STALE, *BEHIND, *COVERAGE, TOO_FEW_ELSEWHERE, SLOW, WORKER, ONE_WORKER],
    ),
    "the relay is dead": ([RELAY], [VIEW_STALE, *BEHIND, *COVERAGE, SLOW]),
    "the worker is dead": ([WORKER], [VIEW_STALE, *BEHIND, *COVERAGE, SLOW]),
    "the application is dead": ([APP], [VIEW_STALE, *COVERAGE, SLOW, FAILING]),
    "the view of one region is behind": ([VIEW_STALE, TOO_FEW_ELSEWHERE], [*BEHIND, *COVERAGE, SLOW]),
    "nobody of a region can check in": ([STOPPED, TOO_FEW_ELSEWHERE], [NOBODY, TOO_FEW]),
    "a counter is empty and another one is short": ([NOBODY, TOO_FEW_BESIDE], [TOO_FEW]),
    "an error budget burns fast": ([SLOW], [SLOW_TICKET]),
    "four faults at once": ([ONE_WORKER, DEAD_LETTERS, FAILING, TOO_FEW], []),
}


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("alertmanager")
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager") or "alertmanager"
    url = f"http://127.0.0.1:{free_ports(1)[0]}"
    arguments = [f"--config.file={CONFIGURATION}", f"--storage.path={folder}", "--cluster.listen-address="]
    server = Child([program, *arguments, f"--web.listen-address={url.removeprefix('http://')}"], folder / "log")
    try:
        server.wait_until(lambda: is_ready(url), 30)
        yield url
    finally:
        server.stop(10)


def is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/-/ready", timeout=1):  # noqa: S310 - 127.0.0.1
            return True
    except OSError:
        return False


def send(url: str, alerts: Sequence[Alert], ends: timedelta) -> None:
    now = datetime.now(UTC)
    times = {"startsAt": (now - timedelta(hours=1)).isoformat(), "endsAt": (now + ends).isoformat()}
    body = json.dumps([{"labels": labels} | times for labels in alerts]).encode()
    request = urllib.request.Request(f"{url}/api/v2/alerts", body, {"Content-Type": "application/json"})  # noqa: S310
    urllib.request.urlopen(request, timeout=10).close()  # noqa: S310


def listed(url: str) -> Mapping[str, Sequence[Alert]]:
    """Return the labels of the alerts that are `active` (sent) and `suppressed` (silenced)."""
    with urllib.request.urlopen(f"{url}/api/v2/alerts", timeout=10) as answer:  # noqa: S310
        alerts: list[dict[str, Any]] = json.load(answer)
    return {state: [a["labels"] for a in alerts if a["status"]["state"] == state] for state in ("active", "suppressed")}


def in_order(alerts: Mapping[str, Sequence[Alert]]) -> Mapping[str, list[list[tuple[str, str]]]]:
    return {state: sorted(sorted(labels.items()) for labels in of_state) for state, of_state in alerts.items()}


@pytest.mark.parametrize("outage", OUTAGES)
async def test_one_alert_says_what_happened(alertmanager: str, outage: str) -> None:
    sent, silenced = OUTAGES[outage]
    everything, expected = [*sent, *silenced, WATCHDOG], {"active": [*sent, WATCHDOG], "suppressed": silenced}
    send(alertmanager, everything, timedelta(hours=1))
    try:
        await wait_until(
            lambda: in_order(listed(alertmanager)) == in_order(expected), 10, lambda: f"not {listed(alertmanager)}"
        )
    finally:
        send(alertmanager, everything, -timedelta(seconds=1))
        await wait_until(lambda: not any(listed(alertmanager).values()), 10, "all alerts resolved")
