"""Plants outages of real processes, and sees who is called: by the right alert within its time, and by no other."""

from collections.abc import Iterator

import pytest

from deploy.local.kafka import Kafka
from deploy.observability.catalogue import catalogue
from tests.e2e.watched_site import Site, open_site, wait_until_healthy, watched
from tests.support.alerting import Alerting
from tests.support.office_setup import OPD, REGION
from tests.support.scraped_series import outside_catalogue

pytestmark = pytest.mark.parts

CALLED_WITHIN_S = 25
"""A dead process is called after 30 s and sent after 15 s, both divided by six; the rest is for scrapes and load."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, module_kafka: Kafka) -> Iterator[Site]:
    with open_site(tmp_path_factory.mktemp("site"), module_kafka) as site:
        yield site


@pytest.fixture(scope="module")
def watch(tmp_path_factory: pytest.TempPathFactory, site: Site) -> Iterator[Alerting]:
    with watched(site, tmp_path_factory.mktemp("watch"), faster=6) as path:
        yield path


@pytest.fixture(autouse=True)
def quiet(watch: Alerting) -> None:
    """Begin each test with a healthy deployment and nobody called."""
    wait_until_healthy(watch)


def test_a_healthy_deployment_is_scraped_as_the_catalogue_says(watch: Alerting) -> None:
    prometheus = watch.prometheus
    assert {(one["metric"]["process"], one["value"][1]) for one in prometheus.query("up")} == {
        ("app", "1"),
        ("relay", "1"),
        ("worker", "1"),
    }
    groups = prometheus.get("/api/v1/rules")["data"]["groups"]
    unhealthy = [rule for group in groups for rule in group["rules"] if rule["health"] != "ok"]
    assert (len(groups) > 0, unhealthy) == (True, [])
    series = prometheus.get("/api/v1/series", **{"match[]": '{job="piket"}'})["data"]
    assert {"piket_office_open", "piket_relay_connected", "piket_worker_lag"} <= {one["__name__"] for one in series}
    assert outside_catalogue(series, catalogue()) == []
    unreadable = prometheus.query('sum by (service) (piket_events_total{outcome="unreadable"})')
    assert {one["metric"]["service"]: one["value"][1] for one in unreadable} == {"worker": "0", "roster": "0"}


def test_an_empty_counter_in_an_open_office_is_called(site: Site, watch: Alerting) -> None:
    site.tap("Rina", "check-outs")
    watch.wait_for_call("NoOfficerAtAll", seconds=CALLED_WITHIN_S)
    (call,) = watch.receiver.of("NoOfficerAtAll", "firing")
    assert [(a["region"], a["opd"], a["service"]) for a in call.firing] == [(REGION, OPD, "FRONT")]
    site.tap("Rina")
    watch.wait_for_call("NoOfficerAtAll", "resolved")
    assert watch.receiver.alerts() == {"NoOfficerAtAll"}


@pytest.mark.parametrize("process", ["relay", "worker"])
def test_a_dead_process_is_called_by_its_name(site: Site, watch: Alerting, process: str) -> None:
    site.stack.kill(process)
    watch.wait_for_call("MetricsAbsent", seconds=CALLED_WITHIN_S)
    site.stack.start(process)
    watch.wait_for_call("MetricsAbsent", "resolved")
    calls = watch.receiver.of("MetricsAbsent", "firing")
    assert {alert["process"] for call in calls for alert in call.firing} == {process}
    assert watch.receiver.alerts() == {"MetricsAbsent"}
