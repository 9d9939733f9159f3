"""Rules of several instruments become one set, with the source of each rule."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from services.policy.domain.resolution.periods import merged_periods
from shared.domain.facts.rules import Presence
from tests.support.se_150 import binding


def test_the_own_government_gives_the_pattern_and_the_strictest_cap_holds() -> None:
    national = binding(
        "nasional-2025", "NATIONAL", date(2025, 4, 21), date.max, weekly_cap_days=2, excluded_classes=["DIRECT"]
    )
    province = binding(
        "jabar-2025", "PROVINCE", date(2025, 11, 6), date(2025, 12, 1), pattern={"weekdays": ["THU"]}, weekly_cap_days=4
    )
    first, second, third = merged_periods([province, national])
    assert (first.rules.pattern, second.won_by["weekly_cap_days"].instrument, second.won_by["pattern"].instrument) == (
        None,
        "nasional-2025",
        "jabar-2025",
    )
    assert (third.to, third.rules.weekly_cap_days) == (None, 2)


def test_caps_of_all_layers_hold_together_and_each_names_who_gave_it() -> None:
    strict = binding("pusat", "NATIONAL", date(2025, 1, 1), date.max, presence={"accept_claimed": False}, max_share=0.5)
    province = binding(
        "jabar", "PROVINCE", date(2025, 1, 1), date.max, presence={"offline_limit_hours": 24}, max_share=0.8
    )
    (period,) = merged_periods([strict, province])
    assert (period.rules.max_share, period.rules.presence) == (
        0.5,
        Presence(accept_claimed=False, offline_limit_hours=24),
    )
    assert {rule: w.instrument for rule, w in period.won_by.items()} == {
        "max_share": "pusat", "accept_claimed": "pusat", "offline_limit_hours": "jabar"
    }  # fmt: skip


def test_a_presence_that_nobody_sets_stays_unset() -> None:
    (period,) = merged_periods([binding("jabar", "PROVINCE", date(2025, 1, 1), date.max, weekly_cap_days=2)])
    assert (period.rules.presence, period.rules.weekly_cap_days) == (None, 2)


def test_within_a_layer_the_one_later_in_force_gives_the_pattern() -> None:
    later = binding("a-later", "PROVINCE", date(2025, 2, 1), date.max, pattern={"weekdays": ["THU"]})
    earlier = binding("b-earlier", "PROVINCE", date(2025, 1, 1), date.max, pattern={"weekdays": ["WED"]})
    assert merged_periods([later, earlier])[-1].won_by["pattern"].instrument == "a-later"


def test_dates_that_nothing_binds_have_no_period() -> None:
    early = binding("a-b", "PROVINCE", date(2025, 1, 1), date(2025, 2, 1))
    late = binding("a-c", "PROVINCE", date(2025, 3, 1), date(2025, 4, 1))
    assert [(p.from_.month, p.to) for p in merged_periods([early, late])] == [
        (1, date(2025, 1, 31)),
        (3, date(2025, 3, 31)),
    ]


@given(st.permutations(range(3)))
def test_resolution_does_not_depend_on_the_order_of_enactment(order: list[int]) -> None:
    three = [
        binding("nasional", "NATIONAL", date(2025, 1, 1), date.max, pattern={"weekdays": ["FRI"]}, weekly_cap_days=2),
        binding("jabar-a", "PROVINCE", date(2025, 11, 6), date(2025, 12, 1), pattern={"weekdays": ["THU"]}),
        binding("jabar-b", "PROVINCE", date(2025, 11, 6), date(2026, 1, 1), pattern={"weekdays": ["WED"]}),
    ]
    assert merged_periods([three[n] for n in order]) == merged_periods(three)
