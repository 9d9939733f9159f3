"""Until when a view is complete, as the duty officer would ask: who was last heard of, and what did they vouch for."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from services.reporting.domain.freshness import KEPT, READ, Pulse
from shared.domain.envelope import source
from shared.domain.facts.heartbeat import Beat, Positions
from tests.support.example_facts import at

EIGHT = at("08:00")


def beat(service: str, when: datetime = EIGHT, **offsets: int) -> Beat:
    """`p0=5` is the offset after the last record of partition 0."""
    named = {int(partition[1:]): offset for partition, offset in offsets.items()}
    return Beat(source=source("32", service), sequence=sum(named.values()), offsets=named, at=when, wall=when)


def said(partition: int = 0, when: datetime = EIGHT, positions: Mapping[str, int] | None = None) -> Positions:
    return Positions(region="32", partition=partition, positions=positions or {}, wall=when)


def seconds(count: float) -> datetime:
    return EIGHT + timedelta(seconds=count)


def quiet(partitions: int = 1) -> Pulse:
    """A region in which nothing was ever recorded and everybody is alive at eight."""
    return Pulse(partitions).heard([*map(beat, READ), *(said(n) for n in range(partitions))])


def test_a_night_in_which_nothing_happens_is_complete_until_now() -> None:
    assert quiet().standing() == (EIGHT, EIGHT)


def test_a_view_that_has_not_heard_of_every_source_knows_nothing() -> None:
    assert Pulse(1).heard([beat("policy"), beat("roster"), said()]).standing() is None


def test_a_partition_that_no_worker_speaks_of_is_not_covered() -> None:
    assert Pulse(2).heard([*map(beat, READ), said(0)]).standing() is None


def test_a_relay_that_falls_silent_holds_the_whole_region_back() -> None:
    others = [beat(service, seconds(9)) for service in READ[:2]]
    assert quiet().heard([*others, said(0, seconds(9))]).standing() == (EIGHT, EIGHT)


def test_a_worker_that_falls_silent_holds_the_region_back_also_while_nothing_happens() -> None:
    assert quiet().heard([beat(service, seconds(9)) for service in READ]).standing() == (EIGHT, EIGHT)


def test_a_worker_of_a_view_that_was_replaced_vouches_for_nothing_more() -> None:
    new = Positions(region="32", partition=0, positions={}, wall=seconds(1), generation=1)
    later = [beat("policy", seconds(2)), beat("roster", seconds(2)), beat("attendance", seconds(2), p0=1)]
    pulse = quiet().heard([new, *later, said(0, seconds(3), {"attendance": 1})])
    assert pulse.standing() == (EIGHT, EIGHT)
    caught_up = new.model_copy(update={"positions": {"attendance": 1}, "wall": seconds(4)})
    assert pulse.heard([caught_up]).standing() == (seconds(2), seconds(2))


def test_a_tap_that_the_worker_has_not_folded_is_not_claimed() -> None:
    later = [beat("policy", seconds(1)), beat("roster", seconds(1)), beat("attendance", seconds(1), p0=1)]
    pulse = quiet().heard([*later, said(0, seconds(2))])
    assert pulse.standing() == (EIGHT, EIGHT)
    assert pulse.heard([said(0, seconds(3), {"attendance": 1})]).standing() == (seconds(1), seconds(1))


def test_a_worker_s_older_word_that_comes_late_takes_nothing_back() -> None:
    current = quiet().heard([*(beat(service, seconds(5)) for service in READ), said(0, seconds(6))])
    assert current.heard([said(0, seconds(1))]).standing() == (seconds(5), seconds(5))


def test_a_worker_that_starts_again_at_its_last_commit_takes_nothing_back() -> None:
    before = quiet().heard([beat("attendance", seconds(1), p0=7), said(0, seconds(2), {"attendance": 7})])
    assert before.heard([said(0, seconds(3), {"attendance": 5})]).covered == before.covered


def test_the_word_of_a_service_that_makes_no_coverage_is_passed_over() -> None:
    assert quiet().heard([beat("reporting", seconds(5))]) == quiet()


def test_an_hour_without_a_worker_keeps_few_beats_and_the_newest() -> None:
    pulse = quiet()
    for second in range(1, 3600):
        pulse = pulse.heard([beat("attendance", seconds(second))])
    waiting = pulse.waiting["attendance"]
    assert len(waiting) <= KEPT
    assert waiting[-1].at == seconds(3599)
    assert waiting[0].at < seconds(200)


def test_of_many_beats_at_once_few_are_kept_and_the_newest() -> None:
    waiting = quiet().heard([beat("attendance", seconds(n)) for n in range(1, 5000)]).waiting["attendance"]
    assert (len(waiting) <= KEPT, waiting[-1].at) == (True, seconds(4999))


def test_a_worker_s_word_stands_under_a_key_that_no_opd_has() -> None:
    assert said(2).key == "32/~/2"
