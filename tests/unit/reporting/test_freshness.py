"""Until when a view is complete: which relays and workers sent signals last, and what these signals confirm."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from services.reporting.domain.freshness import MAX_PENDING_HEARTBEATS, SOURCE_SERVICES, Freshness
from shared.domain.envelope import source
from shared.domain.facts.heartbeat import Heartbeat, WorkerPositions
from tests.support.example_facts import at

EIGHT = at("08:00")


def heartbeat(service: str, when: datetime = EIGHT, **offsets: int) -> Heartbeat:
    """`p0=5` is the offset after the last record of partition 0."""
    named = {int(partition[1:]): offset for partition, offset in offsets.items()}
    return Heartbeat(source=source("32", service), sequence=sum(named.values()), offsets=named, at=when, wall=when)


def positions_at(
    partition: int = 0, when: datetime = EIGHT, positions: Mapping[str, int] | None = None
) -> WorkerPositions:
    return WorkerPositions(region="32", partition=partition, positions=positions or {}, wall=when)


def seconds(count: float) -> datetime:
    return EIGHT + timedelta(seconds=count)


def quiet_region(partitions: int = 1) -> Freshness:
    """Return the freshness of a region without any event, whose relays and workers are alive at eight."""
    return Freshness(partitions).with_signals(
        [*map(heartbeat, SOURCE_SERVICES), *(positions_at(n) for n in range(partitions))]
    )


def test_a_night_in_which_nothing_happens_is_complete_until_now() -> None:
    assert quiet_region().complete_until() == (EIGHT, EIGHT)


def test_a_view_without_a_heartbeat_of_every_source_shows_unknown() -> None:
    assert (
        Freshness(1).with_signals([heartbeat("policy"), heartbeat("roster"), positions_at()]).complete_until() is None
    )


def test_the_view_does_not_wait_for_heartbeats_of_reporting_whose_events_make_no_coverage() -> None:
    assert quiet_region().complete_until() == (EIGHT, EIGHT)
    late = quiet_region().with_signals([heartbeat("reporting", seconds(-60), p0=7)])
    assert (late.complete_until(), "reporting" in late.pending) == ((EIGHT, EIGHT), False)


def test_a_partition_that_no_worker_reports_is_not_covered() -> None:
    assert Freshness(2).with_signals([*map(heartbeat, SOURCE_SERVICES), positions_at(0)]).complete_until() is None


def test_a_relay_that_stops_reporting_holds_the_whole_region_back() -> None:
    beats = [heartbeat(service, seconds(9)) for service in SOURCE_SERVICES[:2]]
    assert quiet_region().with_signals([*beats, positions_at(0, seconds(9))]).complete_until() == (EIGHT, EIGHT)


def test_a_worker_that_stops_reporting_holds_the_region_back_also_while_nothing_happens() -> None:
    assert quiet_region().with_signals(
        [heartbeat(service, seconds(9)) for service in SOURCE_SERVICES]
    ).complete_until() == (EIGHT, EIGHT)


def test_a_worker_of_a_view_that_was_replaced_vouches_for_nothing_more() -> None:
    new = WorkerPositions(region="32", partition=0, positions={}, wall=seconds(1), generation=1)
    later = [
        heartbeat("policy", seconds(2)),
        heartbeat("roster", seconds(2)),
        heartbeat("attendance", seconds(2), p0=1),
    ]
    freshness = quiet_region().with_signals([new, *later, positions_at(0, seconds(3), {"attendance": 1})])
    assert freshness.complete_until() == (EIGHT, EIGHT)
    caught_up = new.model_copy(update={"positions": {"attendance": 1}, "wall": seconds(4)})
    assert freshness.with_signals([caught_up]).complete_until() == (seconds(2), seconds(2))


def test_a_tap_that_the_worker_has_not_folded_is_not_claimed() -> None:
    later = [
        heartbeat("policy", seconds(1)),
        heartbeat("roster", seconds(1)),
        heartbeat("attendance", seconds(1), p0=1),
    ]
    freshness = quiet_region().with_signals([*later, positions_at(0, seconds(2))])
    assert freshness.complete_until() == (EIGHT, EIGHT)
    assert freshness.with_signals([positions_at(0, seconds(3), {"attendance": 1})]).complete_until() == (
        seconds(1),
        seconds(1),
    )


def test_a_worker_s_older_heartbeat_that_comes_late_takes_nothing_back() -> None:
    current = quiet_region().with_signals(
        [*(heartbeat(service, seconds(5)) for service in SOURCE_SERVICES), positions_at(0, seconds(6))]
    )
    assert current.with_signals([positions_at(0, seconds(1))]).complete_until() == (seconds(5), seconds(5))


def test_a_worker_that_starts_again_at_its_last_commit_takes_nothing_back() -> None:
    before = quiet_region().with_signals(
        [heartbeat("attendance", seconds(1), p0=7), positions_at(0, seconds(2), {"attendance": 7})]
    )
    assert before.with_signals([positions_at(0, seconds(3), {"attendance": 5})]).covered == before.covered


def test_the_heartbeat_of_a_service_that_is_no_source_of_coverage_is_ignored() -> None:
    assert quiet_region().with_signals([heartbeat("reporting", seconds(5))]) == quiet_region()


def test_an_hour_without_a_worker_keeps_few_beats_and_the_newest() -> None:
    freshness = quiet_region()
    for second in range(1, 3600):
        freshness = freshness.with_signals([heartbeat("attendance", seconds(second))])
    pending = freshness.pending["attendance"]
    assert len(pending) <= MAX_PENDING_HEARTBEATS
    assert pending[-1].at == seconds(3599)
    assert pending[0].at < seconds(200)


def test_of_many_beats_at_once_few_are_kept_and_the_newest() -> None:
    pending = (
        quiet_region().with_signals([heartbeat("attendance", seconds(n)) for n in range(1, 5000)]).pending["attendance"]
    )
    assert (len(pending) <= MAX_PENDING_HEARTBEATS, pending[-1].at) == (True, seconds(4999))


def test_a_worker_s_heartbeat_has_a_key_that_no_opd_has() -> None:
    assert positions_at(2).key == "32/~/2"
