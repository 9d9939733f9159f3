"""Lists the gauges of a region with their labels and help texts. `deploy/observability/catalogue.yaml` says more."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from prometheus_client.core import GaugeMetricFamily

REGION_OPD = ("region", "opd")

REGION_METRICS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "piket_service_required_staff": ("Staff needed at the weakest post.", (*REGION_OPD, "service")),
    "piket_service_planned_staff": ("Staff rostered at the weakest post.", (*REGION_OPD, "service")),
    "piket_service_present_staff": ("Staff on site at the weakest post.", (*REGION_OPD, "service")),
    "piket_opd_coverage_state": ("1 for the state an OPD is in now.", (*REGION_OPD, "state")),
    "piket_opd_present_staff": ("Staff present by place of work.", (*REGION_OPD, "mode")),
    "piket_office_open": ("1 while any post is open.", REGION_OPD),
    "piket_view_watermark_timestamp_seconds": ("Until when this view has missed nothing.", ("region",)),
    "piket_view_behind_seconds": ("Seconds since the view was last confirmed to be complete.", ("region",)),
    "piket_region_info": ("1 with the name and the centre of a region.", ("region", "name", "latitude", "longitude")),
    "piket_wfh_share_ratio": ("Share of the people present today who are rostered at home.", REGION_OPD),
    "piket_wfh_share_limit_ratio": ("Largest share at home that the rules allow today.", REGION_OPD),
    "piket_rotation_balance_ratio": (
        "Days at home divided by the days that the rules allowed on the dates that the view has.",
        REGION_OPD,
    ),
    "piket_policy_breach_opds": ("OPD whose rosters of today break a rule.", ("region", "rule")),
    "piket_home_person_days": ("Most people at home at the same time today by their taps.", ("region",)),
    "piket_estimated_commute_avoided_kilometres": ("Estimated commute that was avoided today.", ("region",)),
    "piket_estimated_energy_saved_kilowatt_hours": (
        "Estimated energy of offices that was saved today.",
        ("region",),
    ),
    "piket_estimation_factor_info": (
        "1 with the value of a factor of the estimates per day at home.",
        ("region", "factor", "value", "source"),
    ),
}


class MetricSample(NamedTuple):
    """A value of a metric, with the values of its labels."""

    metric: str
    labels: tuple[str, ...]
    value: float


def gauge_families(samples: Iterable[MetricSample]) -> Iterator[GaugeMetricFamily]:
    """Yield every gauge of a region with its samples. Raise KeyError for a metric that is not in the table."""
    families = {name: GaugeMetricFamily(name, text, labels=labels) for name, (text, labels) in REGION_METRICS.items()}
    for sample in samples:
        families[sample.metric].add_metric(sample.labels, sample.value)
    yield from families.values()
