"""Computes the coverage gauges of an OPD from its status."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from services.reporting.domain.status.current_status import OpdStatus, PostStatus, UnitStatus
from services.reporting.domain.status.status_timeline import SEVERITY_RANK, CoverageState
from services.reporting.metrics.families import MetricSample
from shared.domain.facts.coverage import Coverage

MAX_SERVICES_PER_OPD = 3
OTHER_SERVICES = "OTHER"
"""Label value for all units beyond the first two of an OPD: the number of label values is limited."""


def coverage_samples(opd: OpdStatus, row: Coverage) -> Iterator[MetricSample]:
    """Yield the coverage of an OPD from its status and today's row."""
    labels = (opd.region, opd.opd)
    for state in CoverageState:
        yield MetricSample("piket_opd_coverage_state", (*labels, state), float(state is opd.state))
    yield MetricSample("piket_office_open", labels, float(any(post.required for post in opd.posts)))
    for mode in row.modes:
        yield MetricSample("piket_opd_present_staff", (*labels, mode), opd.modes.get(mode, 0))
    for service, post in weakest_posts(opd.units).items():
        for name, count in _STAFF_COUNTS.items():
            yield MetricSample(name, (*labels, service), count(post))


_STAFF_COUNTS: Mapping[str, Callable[[PostStatus], int]] = {
    "piket_service_required_staff": lambda post: post.required,
    "piket_service_planned_staff": lambda post: post.planned,
    "piket_service_present_staff": lambda post: post.on_site,
}


def weakest_posts(units: Sequence[UnitStatus]) -> Mapping[str, PostStatus]:
    """Return, by service, the weakest post of a unit: a sum would hide an empty counter behind a full one.

    Posts in an unknown state are left out: nobody on site means nothing there.
    """
    with_posts = [unit for unit in units if unit.posts]
    labelled = with_posts if len(with_posts) <= MAX_SERVICES_PER_OPD else with_posts[: MAX_SERVICES_PER_OPD - 1]
    posts: dict[str, list[PostStatus]] = defaultdict(list)
    for unit in with_posts:
        known = [post for post in unit.posts if post.state is not CoverageState.TIDAK_DIKETAHUI]
        posts[unit.unit if unit in labelled else OTHER_SERVICES] += known
    return {service: min(of_service, key=_weakness) for service, of_service in posts.items() if of_service}


def _weakness(post: PostStatus) -> tuple[bool, float, int]:
    """Return the sort key of a post: open ones first, then by the part of the required staff that is there."""
    ratio = post.on_site / post.required if post.required else 0.0
    return not post.required, ratio, SEVERITY_RANK[post.state]
