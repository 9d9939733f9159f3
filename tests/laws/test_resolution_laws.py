"""Laws of the resolution that hold for any bindings: periods, conflicts, sources."""

from datetime import date
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.policy.domain.presets.catalogue import preset
from services.policy.domain.resolution.binding import Binding
from services.policy.domain.resolution.conflicts import conflicts
from services.policy.domain.resolution.periods import merged_periods, resolve_periods
from tests.support.se_150 import binding

NATIONAL = preset("nasional-2025-permenpanrb-4")
DAYS = st.dates(date(2025, 1, 1), date(2026, 12, 31))
RULES: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {},
    optional={
        "pattern": st.sampled_from([{"weekdays": ["THU"]}, {"weekdays": ["FRI"]}, {"groups": 2}, {"groups": 3}]),
        "max_share": st.sampled_from([0.25, 0.5, 0.75, 1.0]),
        "share_of": st.sampled_from(["OPD", "UNIT"]),
        "weekly_cap_days": st.integers(0, 5),
        "excluded_classes": st.sampled_from([[], ["MIXED"], ["DIRECT"]]),
    },
)


@st.composite
def bindings(draw: st.DrawFn) -> list[Binding]:
    layers = draw(st.lists(st.sampled_from(["NATIONAL", "PROVINCE", "REGION"]), max_size=5))
    spans = [sorted(draw(st.lists(DAYS, min_size=2, max_size=2, unique=True))) for _ in layers]
    return [
        binding(f"edaran-{number}", layer, *span, **draw(RULES))
        for number, (layer, span) in enumerate(zip(layers, spans, strict=True))
    ]


@given(bindings(), st.randoms(use_true_random=False))
def test_periods_and_conflicts_do_not_depend_on_the_order_of_enactment(enacted: list[Binding], dice: Any) -> None:
    shuffled = dice.sample(enacted, len(enacted))
    assert (merged_periods(shuffled), conflicts(resolve_periods(shuffled))) == (
        merged_periods(enacted),
        conflicts(resolve_periods(enacted)),
    )


@given(bindings())
def test_direct_and_24_hour_service_stay_on_site_whatever_is_enacted_beside_the_national_base(
    enacted: list[Binding],
) -> None:
    base = Binding(NATIONAL, date(2025, 1, 1), date.max)
    for period in merged_periods([*enacted, base]):
        assert {"DIRECT", "EMERGENCY_24X7"} <= set(period.rules.excluded_classes)


@given(bindings())
def test_periods_never_overlap_and_each_rule_names_its_giver(enacted: list[Binding]) -> None:
    resolved = merged_periods(enacted)
    assert all(a.to is not None and a.to < b.from_ for a, b in pairwise(resolved))
    for period in resolved:
        rules = period.rules.model_dump(exclude_defaults=True)
        assert set(rules) == set(period.won_by)


@given(bindings())
def test_a_conflict_is_only_reported_where_the_cap_leaves_less_than_the_share(enacted: list[Binding]) -> None:
    resolved, all_conflicts = merged_periods(enacted), conflicts(resolve_periods(enacted))
    for conflict in all_conflicts:
        measure, _, mean = str(conflict.effect).partition(":")
        if measure == "WEEKLY_MEAN_SHARE":
            assert any((p.rules.max_share or 0) > float(mean) == (p.rules.weekly_cap_days or 0) / 5 for p in resolved)
    assert len(set(all_conflicts)) == len(all_conflicts)
