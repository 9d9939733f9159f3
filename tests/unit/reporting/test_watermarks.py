"""The low watermark of sources by the instants of their facts, and which sources are paused."""

from services.reporting.domain.partitions.watermarks import MAX_LEAD_S, low_watermark, sources_to_pause

POLICY, ROSTER, TAPS = "/piket/32/policy", "/piket/32/roster", "/piket/32/attendance"
ALL = (POLICY, ROSTER, TAPS)


def test_all_is_read_until_the_instant_of_the_source_that_lags_most() -> None:
    assert low_watermark({POLICY: 10.0, ROSTER: 7.0, TAPS: 9.0}, ALL, ()) == 7.0


def test_a_source_that_was_read_to_its_end_is_as_far_as_the_others() -> None:
    assert low_watermark({POLICY: 1.0, ROSTER: 7.0, TAPS: 9.0}, ALL, {POLICY}) == 7.0
    assert low_watermark({TAPS: 9.0}, ALL, {*ALL}) == 9.0


def test_nothing_is_complete_while_a_source_was_never_read() -> None:
    assert low_watermark({ROSTER: 7.0, TAPS: 9.0}, ALL, {TAPS}) == 0.0


def test_before_anything_was_read_nothing_is_complete() -> None:
    assert low_watermark({}, ALL, {*ALL}) == low_watermark({}, (), ()) == 0.0


def test_a_year_of_rosters_waits_for_the_taps_of_its_first_day() -> None:
    reached = {POLICY: 0.0, ROSTER: MAX_LEAD_S * 2, TAPS: MAX_LEAD_S * 0.5}
    assert sources_to_pause(reached, ALL, {POLICY}) == {ROSTER}
    assert sources_to_pause(reached | {TAPS: MAX_LEAD_S}, ALL, {POLICY}) == set()
    assert sources_to_pause(reached, ALL, {POLICY, TAPS}) == set()
