"""Tests the comparison of scraped series with the catalogue, and the receivers of notifications."""

import pytest

from deploy.observability.catalogue import catalogue
from deploy.observability.receivers import with_webhook
from tests.support.scraped_series import outside_catalogue

TARGET = {"job": "piket", "instance": "127.0.0.1:9464/32", "process": "app"}
CATALOGUE = catalogue()


@pytest.mark.parametrize(
    "series",
    [
        {"__name__": "piket_office_open", "region": "32", "opd": "BKD"},
        {"__name__": "piket_plan_seconds_bucket", "region": "32", "le": "1.0"},
        {"__name__": "piket_plan_seconds_sum", "region": "32"},
        {"__name__": "up"},
        {"__name__": "scrape_duration_seconds"},
        {"__name__": "ALERTS", "alertname": "ViewStale", "alertstate": "firing"},
        {"__name__": "process_resident_memory_bytes"},
    ],
)
def test_a_series_of_the_catalogue_or_of_the_tools_is_no_finding(series: dict[str, str]) -> None:
    assert outside_catalogue([series | TARGET], CATALOGUE) == []


@pytest.mark.parametrize(
    ("series", "finding"),
    [
        ({"__name__": "python_info", "version": "3.11"}, "python_info with ['version']"),
        ({"__name__": "piket_offices", "region": "32"}, "piket_offices with ['region']"),
        ({"__name__": "piket_office_open", "region": "32"}, "piket_office_open with ['region']"),
        ({"__name__": "piket_office_open", "region": "32", "opd": "B", "nip": "1"}, "['nip', 'opd', 'region']"),
        ({"__name__": "piket_plan_seconds", "region": "32"}, "piket_plan_seconds with ['region']"),
        ({"__name__": "piket_plan_seconds_created", "region": "32"}, "piket_plan_seconds_created with"),
        (
            {"__name__": "piket_utility_cost_rupiah", "region": "32", "opd": "B", "utility": "x"},
            "piket_utility_cost_rupiah with",
        ),
    ],
)
def test_a_series_outside_the_catalogue_is_found(series: dict[str, str], finding: str) -> None:
    (found,) = outside_catalogue([series | TARGET], CATALOGUE)
    assert finding in found


CONFIGURATION = {
    "route": {"receiver": "watch"},
    "receivers": [
        {"name": "watch", "webhook_configs": [{"url": "http://alerts.invalid/watch", "send_resolved": True}]},
        {"name": "nobody"},
    ],
}


def test_a_deployment_gives_its_receivers_their_address() -> None:
    assert with_webhook(CONFIGURATION, "http://10.0.0.1:8000") == {
        "route": {"receiver": "watch"},
        "receivers": [
            {"name": "watch", "webhook_configs": [{"url": "http://10.0.0.1:8000/watch", "send_resolved": True}]},
            {"name": "nobody"},
        ],
    }


def test_without_an_address_nobody_is_notified() -> None:
    assert with_webhook(CONFIGURATION, "")["receivers"] == [{"name": "watch"}, {"name": "nobody"}]
