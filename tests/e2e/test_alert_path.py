"""Sends real alerts through Prometheus and Alertmanager to a receiver: one call for an outage, and its end."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from deploy.local.deadlines import scaled
from deploy.observability.targets import scrape_targets, write_targets
from tests.support.alerting import PATIENCE_S, Alerting, alerting
from tests.support.province_metrics import COUNTERS, SeededExporter, SeededProcess
from tests.support.waiting import block_until

pytestmark = pytest.mark.parts

FASTER = 15 / scaled(1)


@dataclass
class Province:
    """An invented province: its figures, its processes, and the path of its alerts."""

    figures: SeededExporter
    processes: Mapping[str, SeededProcess]
    alerting: Alerting


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Province]:
    folder, figures = tmp_path_factory.mktemp("province"), SeededExporter()
    processes = {name: SeededProcess(figures) for name in ("app", "relay", "worker")}
    targets = folder / "targets.json"
    write_targets(targets, scrape_targets([(name, process.address) for name, process in processes.items()], ()))
    with ExitStack() as ended:
        for process in processes.values():
            process.start()
            ended.callback(process.stop)
        yield Province(figures, processes, ended.enter_context(alerting(folder, targets, FASTER, "500ms")))


@pytest.fixture(autouse=True)
def quiet(province: Province) -> None:
    """Begin each test without an alert: all processes answer and all counters are staffed."""
    end_outage(province)
    province.alerting.wait_until_quiet()


def test_three_empty_counters_are_one_call_and_one_end(province: Province) -> None:
    alerts = province.alerting
    province.figures.show_staff_present(0)
    alerts.wait_for_call("NoOfficerAtAll")
    province.figures.show_staff_present(2)
    alerts.wait_for_call("NoOfficerAtAll", "resolved")
    (call,), (end,) = alerts.receiver.of("NoOfficerAtAll", "firing"), alerts.receiver.of("NoOfficerAtAll", "resolved")
    assert call.group == {"alertname": "NoOfficerAtAll", "region": "32"}
    assert sorted((alert["opd"], alert["service"]) for alert in call.firing) == sorted(COUNTERS)
    assert sorted((alert["opd"], alert["service"]) for alert in end.resolved) == sorted(COUNTERS)
    assert alerts.receiver.alerts() == {"NoOfficerAtAll"}


def test_the_watchdog_calls_its_own_receiver_only(province: Province) -> None:
    alerts = province.alerting
    alerts.wait_for_call("Watchdog")
    assert {n.path for n in alerts.receiver.of("Watchdog", "firing")} == {"/watchdog"}


def test_a_counter_with_nobody_is_not_also_called_for_too_few(province: Province) -> None:
    alerts = province.alerting
    opd, service = COUNTERS[0]
    province.figures.show("piket_service_present_staff", 0, opd=opd, service=service)
    alerts.wait_for_call("NoOfficerAtAll")
    block_until(lambda: alerts.active().get("ServiceUncovered") == {"suppressed"}, PATIENCE_S, alerts.describe)
    province.figures.show("piket_service_present_staff", 1, opd=opd, service=service)
    alerts.wait_for_call("ServiceUncovered")
    assert alerts.receiver.of("NoOfficerAtAll", "resolved") or "NoOfficerAtAll" not in alerts.pending()


def kafka_is_away(province: Province) -> None:
    province.figures.show("piket_relay_connected", 0, service="attendance")


def the_view_is_stale(province: Province) -> None:
    province.figures.show("piket_view_behind_seconds", 300)


def the_relay_is_dead(province: Province) -> None:
    province.processes["relay"].stop()


def the_worker_is_dead(province: Province) -> None:
    province.processes["worker"].stop()


def show_consequences(province: Province) -> None:
    """Show what an outage that lasts makes of the figures: nothing reaches the view, and counters look empty."""
    the_view_is_stale(province)
    province.figures.show("piket_relay_oldest_unsent_seconds", 300, service="attendance")
    province.figures.show("piket_worker_lag_seconds", 300, topic="piket.32.attendance.v1", partition="0")
    province.figures.show_staff_present(0)


def end_cause(province: Province) -> None:
    """Let all processes run and be connected again; the view is still behind, and counters still look empty."""
    for process in province.processes.values():
        process.start()
    province.figures.show("piket_relay_connected", 1, service="attendance")


def end_outage(province: Province) -> None:
    end_cause(province)
    province.figures.show_healthy()


def cause_has_ended(alerts: Alerting) -> bool:
    """Return whether Prometheus has seen that all processes run and are connected."""
    connected = alerts.prometheus.query("max(piket_relay_connected)")
    return alerts.targets_answer() and [one["value"][1] for one in connected] == ["1"]


CONSEQUENCES = {"ViewStale", "RelayBehind", "WorkerBehind", "NoOfficerAtAll", "ServiceUncovered"}
OUTAGES = [
    (kafka_is_away, "KafkaUnreachable"),
    (the_relay_is_dead, "MetricsAbsent"),
    (the_worker_is_dead, "MetricsAbsent"),
    (the_view_is_stale, "ViewStale"),
]


@pytest.mark.parametrize(("begin", "cause"), OUTAGES)
def test_an_outage_is_called_by_its_cause_only(
    province: Province, begin: Callable[[Province], None], cause: str
) -> None:
    alerts = province.alerting
    begin(province)
    alerts.wait_for_call(cause)
    show_consequences(province)
    silenced = {alert: {"suppressed"} for alert in CONSEQUENCES - {cause}}
    block_until(
        lambda: alerts.active().items() >= silenced.items(), PATIENCE_S, lambda: f"silenced: {alerts.describe()}"
    )
    end_cause(province)
    block_until(lambda: cause_has_ended(alerts), PATIENCE_S, alerts.describe)
    end_outage(province)
    alerts.wait_for_call(cause, "resolved")
    block_until(alerts.is_quiet, PATIENCE_S, alerts.describe)
    assert alerts.receiver.alerts() == {cause}, alerts.describe()
