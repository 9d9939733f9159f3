"""Settles a run: measures the time until all rows are exact, and checks events, rows and offsets."""

from collections import Counter
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any, NamedTuple

from services.reporting.domain.partitions.partition_state import region_of_state_key
from services.reporting.worker.changelog import app_id, changelog_topic
from shared.domain.envelope import source, topic
from tests.faults.churn import comparison
from tests.faults.churn.fault_kinds import DEPLOYMENT, GAP_MESSAGE, FaultTarget
from tests.faults.churn.stores import SERVICES, Stores
from tests.faults.kafka_readback import ViewReader, all_records, committed_offsets, end_offsets
from tests.faults.office_days import CounterRow, Offices
from tests.support.waiting import read_until

EXACT_WITHIN_S = 90
COMMITTED_WITHIN_S = 20

RegionView = tuple[Offices, ViewReader]
"""The offices of a region, as counted by the driver, and the view of the region."""


class SettlementResult(NamedTuple):
    """The errors of a run, in sentences, and its figures."""

    errors: Sequence[str]
    figures: Mapping[str, Any]


async def settle_run(
    regions: Sequence[str], target: FaultTarget, stores: Stores, region_views: Sequence[RegionView]
) -> SettlementResult:
    """Compare events, rows and offsets with the driver's count, when all processes run and no taps are recorded."""
    bootstrap, healed_at = target.cluster.bootstrap, monotonic()
    rows_by_region = [(o.expected(), await v.wait_for(o.expected(), EXACT_WITHIN_S)) for o, v in region_views]
    exact_at = monotonic()
    sources = [(region, service) for region in regions for service in SERVICES]
    offset_errors = await _offset_errors([topic(region, service) for region, service in sources], bootstrap)
    compared = [await _compare_source(stores, bootstrap, region, service) for region, service in sources]
    row_errors = [line for rows in rows_by_region for line in comparison.row_errors(*rows)]
    event_errors = [line for source_events in compared for line in comparison.event_errors(source_events)]
    figures = {
        "seconds_to_exactness": round(exact_at - healed_at, 2),
        "seconds_from_last_kill": round(exact_at - target.last_kill, 2),
        **_event_figures(compared),
        **_row_figures(rows_by_region, [view for _, view in region_views]),
        **_process_figures(target),
        "worker_repeats": await _repeated_facts(bootstrap),
    }
    return SettlementResult([*target.errors, *row_errors, *offset_errors, *event_errors], figures)


async def _offset_errors(topics: Sequence[str], bootstrap: str) -> list[str]:
    """Wait until all offsets are committed to the end; return the errors of those that are not in time."""

    async def read_errors() -> list[str]:
        behind: list[str] = []
        for name in topics:
            ends = await end_offsets(bootstrap, name)
            committed = await committed_offsets(bootstrap, app_id(DEPLOYMENT), name)
            behind += comparison.offset_errors(name, ends, committed)
        return behind

    return await read_until(read_errors, lambda behind: not behind, COMMITTED_WITHIN_S, every=0.5)


async def _compare_source(stores: Stores, bootstrap: str, region: str, service: str) -> comparison.SourceComparison:
    logged = [record.value for record in await all_records(bootstrap, topic(region, service))]
    return comparison.SourceComparison(source(region, service), await stores.stored_events(service, region), logged)


async def _repeated_facts(bootstrap: str) -> int:
    """Return how many facts were written again to the changelog, because their batch was read again after a fault."""
    logged = await all_records(bootstrap, changelog_topic(DEPLOYMENT))
    written = [record.key for record in logged if record.value and not region_of_state_key(record.key)]
    return len(written) - len(set(written))


def _event_figures(compared: Sequence[comparison.SourceComparison]) -> dict[str, int]:
    return {
        "events": sum(len(source_events.stored) for source_events in compared),
        "relay_repeats": sum(source_events.repeats for source_events in compared),
    }


def _row_figures(
    rows_by_region: Sequence[tuple[Mapping[str, CounterRow], Mapping[str, CounterRow]]], views: Sequence[ViewReader]
) -> dict[str, int]:
    differences = [comparison.fact_count_errors(*rows) for rows in rows_by_region]
    return {
        "rows": sum(len(expected) for expected, _ in rows_by_region),
        "facts_lost": sum(lost for lost, _ in differences),
        "facts_doubled": sum(doubled for _, doubled in differences),
        "rows_published": sum(view.published for view in views),
        "rows_gone_back": sum(view.regressions for view in views),
    }


def _process_figures(target: FaultTarget) -> dict[str, Any]:
    """Return what was killed, and what ended by itself. `gap_assertions` excludes the injected skips."""
    ended = target.processes.ended
    return {
        "kills": sum(target.killed.values()),
        "killed": dict(target.killed),
        "planted_skips_caught": target.skips_caught,
        "gap_assertions": sum(GAP_MESSAGE.search(end.log_line) is not None for end in ended),
        "own_ends": len(ended),
        "own_ends_by_cause": dict(Counter(end.cause for end in ended)),
        "ended": [end._asdict() for end in ended],
    }
