"""Holds the parts of PromQL that several dashboards use.

Every expression first aggregates to the labels that it needs, so two replicas of a process never count twice.
"""

from deploy.observability.dashboards.scales import SEVERITIES

REGION = 'region=~"$region"'
OPD = f'{REGION}, opd=~"$opd"'

COVERAGE = "region_opd_service:piket_coverage:ratio"
MIN_COVERAGE = "region:piket_coverage:min"
UNCOVERED = "region:piket_uncovered_services:count"


def largest(metric: str, by: str, matchers: str = REGION) -> str:
    """Return the largest value of a gauge for each value of the labels `by`."""
    return f"max by ({by}) ({metric}{{{matchers}}})"


def total(metric: str, by: str, matchers: str = REGION, of: str = "region, opd, service") -> str:
    """Return the sum of a gauge by the labels `by`; `of` are all labels of the metric."""
    return f"sum by ({by}) ({largest(metric, of, matchers)})"


def rate(counter: str, by: str, matchers: str = "") -> str:
    """Return the growth of a counter per second by the labels `by`."""
    return f"sum by ({by}) (rate({counter}{{{matchers}}}[$__rate_interval]))"


def growth(counter: str, by: str, matchers: str = "", window: str = "$__range") -> str:
    """Return the growth of a counter in a window by the labels `by`."""
    return f"sum by ({by}) (increase({counter}{{{matchers}}}[{window}]))"


def quantile(share: float, histogram: str, by: str, matchers: str = "") -> str:
    """Return a quantile of a histogram by the labels `by`."""
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({share}, {rate(f'{histogram}_bucket', labels, matchers)})"


def quantile_since_start(share: float, histogram: str) -> str:
    """Return a quantile of all that a histogram has counted since its process started; 0 if that is nothing."""
    everything = f"histogram_quantile({share}, sum by (le) ({histogram}_bucket))"
    # Of an empty histogram it is NaN, which no comparison keeps.
    return or_zero(f"{everything} >= 0")


def mean(histogram: str, by: str, matchers: str = "") -> str:
    """Return the mean of a histogram by the labels `by`."""
    return f"{rate(f'{histogram}_sum', by, matchers)} / {rate(f'{histogram}_count', by, matchers)}"


def or_zero(expression: str) -> str:
    """Return 0 where the expression, which has no labels, has no series: nothing has been counted yet."""
    return f"{expression} or vector(0)"


def with_name(expression: str) -> str:
    """Add the name of the region to each series."""
    return f"({expression}) * on (region) group_left (name) max by (region, name) (piket_region_info)"


def uncovered_services() -> str:
    """Return how many open services of each region lack staff; 0 for a region whose offices are all closed."""
    return f"max by (region) ({UNCOVERED}{{{REGION}}}) or 0 * {largest('piket_region_info', 'region')}"


def severity(matchers: str = REGION) -> str:
    """Return the severity of the state of each OPD (`scales.SEVERITIES`), with the label `state`."""
    states = (
        f'{number} * max by (region, opd, state) (piket_opd_coverage_state{{{matchers}, state="{state}"}} == 1)'
        for state, number in SEVERITIES.items()
    )
    return " or ".join(states)
