"""Computes the efficiency gauges of a region from its rows: shares at home, broken rules, and estimates."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from services.reporting.domain.efficiency.estimates import EstimationFactors
from services.reporting.metrics.families import MetricSample
from shared.domain.facts.coverage import Coverage, PostCoverage, heads_at

HOME_MODES = ("WFH", "WFA")
RULES = ("MAX_SHARE", "FLEXIBLE_DAY", "POST_MINIMUM")


def share_samples(rows: Sequence[Coverage], today: date) -> Iterator[MetricSample]:
    """Yield the share at home, its limit and the balance of one OPD from its rows up to today."""
    labels = (rows[0].region, rows[0].opd)
    for home in (row.home for row in rows if row.service_date == today and row.home and row.home.present):
        yield MetricSample("piket_wfh_share_ratio", labels, home.at_home / home.present)
        yield MetricSample("piket_wfh_share_limit_ratio", labels, home.allowed / home.present)
    homes = [row.home for row in rows if row.service_date <= today and row.home and row.home.allowed]
    if allowed := sum(home.allowed for home in homes):
        yield MetricSample("piket_rotation_balance_ratio", labels, sum(home.at_home for home in homes) / allowed)


def region_samples(
    region: str, rows: Iterable[Coverage], minute: int, factors: EstimationFactors
) -> Iterator[MetricSample]:
    """Yield broken rules, people at home and estimates of a region from today's rows up to a minute of the day."""
    breaches, at_home = dict.fromkeys(RULES, 0), 0
    for row in rows:
        at_home += _most_at_home(row, minute)
        for rule in _broken_rules(row):
            breaches[rule] += 1
    for rule, count in breaches.items():
        yield MetricSample("piket_policy_breach_opds", (region, rule), count)
    yield MetricSample("piket_home_person_days", (region,), at_home)
    estimates = zip(factors, ("commute_avoided_kilometres", "energy_saved_kilowatt_hours"), strict=True)
    for factor, name in estimates:
        yield MetricSample(f"piket_estimated_{name}", (region,), at_home * factor.per_day)
        labels = (region, factor.name, f"{factor.per_day:g}", factor.source)
        yield MetricSample("piket_estimation_factor_info", labels, 1)


def _broken_rules(row: Coverage) -> Iterator[str]:
    yield from (rule for rule in (row.home.broken if row.home else ()) if rule in RULES)
    if any(unit.rostered and is_short(post) for unit in row.units.values() for post in unit.posts.values()):
        yield "POST_MINIMUM"


def is_short(post: PostCoverage) -> bool:
    """Return whether fewer heads are rostered than required at any minute of the date."""
    minutes = {minute for minute, _ in (*post.required, *post.planned)}
    return any(heads_at(post.planned, minute) < heads_at(post.required, minute) for minute in minutes)


def _most_at_home(row: Coverage, minute: int) -> int:
    """Return the most people at home at one time up to a minute: a row has heads, so nobody can be counted twice."""
    steps = [row.modes.get(mode, ()) for mode in HOME_MODES]
    minutes = {start for of_mode in steps for start, _ in of_mode if start <= minute}
    return max((sum(heads_at(of_mode, at) for of_mode in steps) for at in minutes), default=0)
