"""Health of processes, sources and views: what answers, what lags, and what nobody exports."""

from collections.abc import Sequence
from itertools import chain

import pytest

from services.reporting.domain.operations.flow_status import region_flow
from services.reporting.domain.operations.health import Health, MetricValue, ScrapedProcess, health_of_lag, worst
from services.reporting.domain.operations.process_status import process_status
from tests.support.example_facts import at
from tests.support.messages import english


def value(name: str, number: float, **labels: str) -> MetricValue:
    return MetricValue(f"piket_{name}", labels, number)


def relay(service: str, unsent: float = 0.0, connected: float = 1.0, backlog: float = 0.0) -> Sequence[MetricValue]:
    labels = {"service": service, "region": "32"}
    return [
        value("relay_connected", connected, **labels),
        value("relay_backlog_events", backlog, **labels),
        value("relay_oldest_unsent_seconds", unsent, **labels),
    ]


def scraped(process: str, *values: MetricValue) -> ScrapedProcess:
    return ScrapedProcess(process, f"{process}:1", values)


RELAY = scraped("relay", *(v for service in ("policy", "roster", "attendance", "reporting") for v in relay(service)))
WORKER = scraped(
    "worker",
    *(
        value("worker_lag_seconds", partition / 10, topic=f"piket.32.{service}.v1", partition=str(partition))
        for service in ("policy", "roster", "attendance")
        for partition in range(3)
    ),
)
APP = scraped("app", value("view_behind_seconds", 1.5, region="32"), value("build_info", 1, service="app", version="1"))


def test_when_all_is_well_every_source_and_the_view_work() -> None:
    flow = region_flow("32", [RELAY, WORKER, APP])
    assert (flow.health, flow.view_health, flow.view_behind_s) == (Health.OK, Health.OK, 1.5)
    assert [(s.service, s.health, s.worker_lag_s) for s in flow.sources] == [
        ("policy", Health.OK, 0.2),
        ("roster", Health.OK, 0.2),
        ("attendance", Health.OK, 0.2),
        ("reporting", Health.OK, None),
    ]


@pytest.mark.parametrize(
    ("seconds", "part", "health"),
    [
        (None, "relay", Health.UNKNOWN),
        (10, "relay", Health.OK),
        (11, "relay", Health.LATE),
        (61, "worker", Health.FAULT),
        (30, "view", Health.LATE),
        (31, "view", Health.FAULT),
    ],
)
def test_a_lag_is_late_after_ten_seconds_and_a_fault_when_the_alert_counts(
    seconds: float | None, part: str, health: Health
) -> None:
    assert health_of_lag(seconds, part) is health


def test_a_fault_is_worse_than_unknown_and_unknown_worse_than_late() -> None:
    assert worst(Health) is Health.FAULT
    assert worst([Health.LATE, Health.UNKNOWN, Health.OK]) is Health.UNKNOWN
    assert worst([]) is Health.OK


def test_what_no_process_exports_is_unknown_never_in_order() -> None:
    flow = region_flow("32", [ScrapedProcess("relay", "relay:1", None, at("07:40"))])
    assert {s.health for s in flow.sources} == {Health.UNKNOWN} == {flow.view_health}


def test_a_relay_without_kafka_stops_its_source_and_its_process() -> None:
    process = scraped("relay", *relay("attendance", unsent=12, connected=0, backlog=40))
    (source,) = [s for s in region_flow("32", [process, WORKER]).sources if s.service == "attendance"]
    assert (source.health, source.is_connected, source.backlog) == (Health.FAULT, False, 40)
    status = process_status(process)
    assert status.health is Health.FAULT
    text = "Not connected to Kafka: 1 of 1 sources (region 32 attendance). Events stay stored. "
    assert english(status.findings[0].text) == f"{text}Check Kafka, then the log of the relay."


def test_a_relay_has_one_finding_for_all_its_sources_without_kafka() -> None:
    services = ("policy", "roster", "attendance", "reporting")
    cut_off = [v for service in services for v in relay(service, connected=0)]
    (finding,) = process_status(scraped("relay", *cut_off, *relay("policy"))).findings
    named = "4 of 5 sources (region 32 policy, region 32 roster, region 32 attendance, and 1 more)"
    assert named in english(finding.text)


@pytest.mark.parametrize(
    ("connected", "unconnected", "is_without_kafka"),
    [
        ((), (), False),
        ((), ("policy", "roster", "attendance"), False),
        (("reporting",), ("policy", "roster", "attendance"), False),
        ((), ("policy", "roster", "attendance", "reporting"), True),
    ],
)
def test_kafka_is_away_only_when_every_source_is_known_to_be_unconnected(
    connected: Sequence[str], unconnected: Sequence[str], *, is_without_kafka: bool
) -> None:
    values = [*chain(*map(relay, connected)), *chain(*(relay(service, connected=0) for service in unconnected))]
    assert region_flow("32", [scraped("relay", *values)]).is_without_kafka is is_without_kafka


def test_a_process_that_answers_shows_its_version() -> None:
    status = process_status(APP)
    assert (status.health, status.versions, status.findings) == (Health.OK, ("1",), ())


@pytest.mark.parametrize(
    ("process", "advice"),
    [("app", "piket serve"), ("relay", "piket relay"), ("worker", "piket worker"), ("reconcile", "what it logs")],
)
def test_a_silent_process_says_since_when_and_what_to_do(process: str, advice: str) -> None:
    status = process_status(ScrapedProcess(process, "x:1", None, at("07:40")))
    assert (status.health, status.silent_since, advice in english(status.findings[0].text)) == (
        Health.FAULT,
        at("07:40"),
        True,
    )


@pytest.mark.parametrize(
    ("exported", "health", "text"),
    [
        (value("view_behind_seconds", 20, region="32"), Health.LATE, "20 seconds behind"),
        (value("view_behind_seconds", 45.4, region="32"), Health.LATE, "45 seconds behind"),
        (value("projection_held_streams", 2, consumer="roster"), Health.LATE, "2 streams wait"),
        (value("projection_lag_records", 1001, consumer="roster"), Health.LATE, "1001 records are not read"),
    ],
)
def test_what_a_process_exports_may_be_a_finding(exported: MetricValue, health: Health, text: str) -> None:
    status = process_status(scraped("app", exported))
    assert (status.health, text in english(status.findings[0].text)) == (health, True)


@pytest.mark.parametrize(
    "exported",
    [
        value("view_behind_seconds", 3, region="32"),
        value("projection_held_streams", 0, consumer="roster"),
        value("projection_lag_records", 1000, consumer="roster"),
    ],
)
def test_small_values_are_no_finding(exported: MetricValue) -> None:
    assert process_status(scraped("app", exported)).findings == ()
