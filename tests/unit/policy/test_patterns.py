"""Stage II of SE 150: two groups in turn with half of each OPD at home, and its conflict with the cap of two days."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pytest

from services.policy.domain import decider
from services.policy.domain.commands import EnactInstrument, RevokeInstrument
from services.policy.domain.presets.catalogue import preset
from services.policy.domain.resolution.conflicts import conflicts
from services.policy.domain.resolution.periods import merged_periods, resolve_periods
from shared.domain.errors import Invalid
from shared.domain.facts.base import Fact
from shared.domain.facts.instruments import Instrument, InstrumentEnacted
from shared.domain.facts.policy import Conflict, PolicyChanged
from shared.domain.facts.rules import Pattern, Rules
from tests.support.example_facts import at
from tests.support.given_when_then import decide
from tests.support.messages import english, indonesian
from tests.support.se_150 import REGISTER, binding, policy_of

NATIONAL = preset("nasional-2025-permenpanrb-4")
STAGE_1 = preset("jabar-2025-se-150-stage-1")
STAGE_2 = preset("jabar-2025-se-150-stage-2")
IN_OCTOBER = at("09:00", date(2025, 10, 22))
ALWAYS = (date(2025, 1, 1), date.max)
THE_CONFLICT = Conflict(
    rule="max_share",
    instruments=("jabar-2025-se-150-stage-2", "nasional-2025-permenpanrb-4"),
    resolved_by="HIGHER_NORM:nasional-2025-permenpanrb-4",
    effect="WEEKLY_MEAN_SHARE:0.4",
)


def streams_with(*instruments: Instrument) -> dict[str, Sequence[Fact]]:
    facts = [InstrumentEnacted(region="32", instrument=i, binds_from=i.effective_from) for i in instruments]
    return {**REGISTER, "instruments/32": facts}


def policy_after(instrument: Instrument, *before: Instrument) -> PolicyChanged:
    return policy_of(
        decide(decider, streams_with(*before), EnactInstrument(region="32", instrument=instrument), IN_OCTOBER)
    )


def test_in_december_two_groups_take_turns_with_half_of_each_opd_at_home_at_most() -> None:
    rules = policy_after(STAGE_2, NATIONAL, STAGE_1).periods[3].rules
    assert (rules.pattern, rules.max_share, rules.share_of, rules.weekly_cap_days) == (
        Pattern(groups=2), 0.5, "OPD", 2,
    )  # fmt: skip


def test_what_the_share_is_of_comes_from_the_instrument_that_gave_the_share() -> None:
    by_unit = binding("a-b", "NATIONAL", *ALWAYS, max_share=0.8, share_of="UNIT")
    by_opd = binding("c-d", "PROVINCE", *ALWAYS, max_share=0.5, share_of="OPD")
    (period,) = merged_periods([by_unit, by_opd])
    assert (period.rules.share_of, period.won_by["share_of"].instrument) == ("OPD", "c-d")


def test_half_a_week_and_two_days_cannot_both_hold_in_full() -> None:
    assert policy_after(STAGE_2, NATIONAL, STAGE_1).conflicts == (THE_CONFLICT,)


def test_the_conflict_changes_neither_the_share_of_a_day_nor_the_cap_of_a_person() -> None:
    (rules,) = {p.rules for p in policy_after(STAGE_2, NATIONAL).periods if p.rules.pattern}
    assert (rules.max_share, rules.weekly_cap_days) == (0.5, 2)


def test_the_order_in_which_the_two_were_enacted_does_not_matter() -> None:
    assert policy_after(NATIONAL, STAGE_2).conflicts == policy_after(STAGE_2, NATIONAL).conflicts


def test_a_conflict_is_reported_once_however_often_its_dates_are_cut() -> None:
    cut = STAGE_1.model_copy(
        update={
            "instrument": "edaran-lain",
            "effective_from": date(2025, 12, 10),
            "effective_to": date(2025, 12, 12),
            "rules": Rules(excluded_classes=("MIXED",)),
        }
    )
    policy = policy_after(cut, NATIONAL, STAGE_2)
    assert (sum(p.rules.pattern is not None for p in policy.periods), policy.conflicts) == (3, (THE_CONFLICT,))


def test_what_was_revoked_before_it_began_conflicts_with_nothing() -> None:
    dates = dict.fromkeys(("decided_on", "published_on", "effective_from"), date(2025, 11, 20))
    revoke = RevokeInstrument(region="32", instrument=STAGE_2.instrument, **dates)
    policy = policy_of(decide(decider, streams_with(NATIONAL, STAGE_2), revoke, at("09:00", date(2025, 11, 20))))
    assert (policy.conflicts, len(policy.periods)) == ((), 1)


HALF: Mapping[str, Any] = {"pattern": {"groups": 2}, "max_share": 0.5}


@pytest.mark.parametrize(
    ("rules", "cap"),
    [
        (HALF, {"weekly_cap_days": 3}),
        (HALF, {}),
        ({"pattern": {"groups": 2}, "max_share": 0.4}, {"weekly_cap_days": 2}),
        ({"pattern": {"groups": 2}}, {"weekly_cap_days": 2}),
        ({"pattern": {"weekdays": ["THU"]}, "max_share": 1.0}, {"weekly_cap_days": 2}),
        ({"max_share": 0.5}, {"weekly_cap_days": 2}),
        ({**HALF, "weekly_cap_days": 2}, {}),
    ],
    ids=["wide cap", "no cap", "share of the cap", "no share", "one weekday", "no pattern", "its own cap"],
)
def test_what_can_hold_together_is_no_conflict(rules: Mapping[str, Any], cap: Mapping[str, Any]) -> None:
    enacted = [binding("own", "PROVINCE", *ALWAYS, **rules), binding("top", "NATIONAL", *ALWAYS, **cap)]
    assert conflicts(resolve_periods(enacted)) == ()


def test_a_cap_that_is_no_higher_norm_binds_as_the_strictest() -> None:
    city = binding("kota", "REGION", *ALWAYS, weekly_cap_days=1)
    (conflict,) = conflicts(resolve_periods([city, binding("pusat", "NATIONAL", *ALWAYS, **HALF)]))
    assert (conflict.resolved_by, conflict.effect) == ("STRICTEST_CAP:kota", "WEEKLY_MEAN_SHARE:0.2")


INVALID_RULES: dict[str, tuple[Mapping[str, Any], str]] = {
    "both kinds": ({"pattern": {"weekdays": ["THU"], "groups": 2}, "max_share": 0.5}, "/pattern"),
    "neither kind": ({"pattern": {}}, "/pattern"),
    "one group": ({"pattern": {"groups": 1}, "max_share": 0.5}, "/pattern/groups"),
    "a thousand groups": ({"pattern": {"groups": 1000}, "max_share": 0.5}, "/pattern/groups"),
    "groups without a share": ({"pattern": {"groups": 2}}, "/max_share"),
    "a weekday in Indonesian": ({"pattern": {"weekdays": ["KAMIS"]}}, "/pattern/weekdays"),
    "a share of the moon": ({"max_share": 0.5, "share_of": "MOON"}, "/share_of"),
    "a share of nothing": ({"share_of": "OPD"}, "/share_of"),
}


@pytest.mark.parametrize(("rules", "pointer"), INVALID_RULES.values(), ids=INVALID_RULES.keys())
def test_a_pattern_that_nobody_can_follow_is_named_in_both_languages(rules: Mapping[str, Any], pointer: str) -> None:
    wrong = STAGE_2.model_copy(update={"rules": Rules.model_validate(rules)})
    with pytest.raises(Invalid) as refused:
        decide(decider, REGISTER, EnactInstrument(region="32", instrument=wrong))
    assert refused.value.pointer == f"/instrument/rules{pointer}"
    assert indonesian(refused.value.message) != english(refused.value.message)


def test_a_reader_tolerates_a_share_of_something_new() -> None:
    assert Rules.model_validate({"share_of": "FLOOR", "pattern": {"dates": ["2026-03-16"]}}).share_of == "FLOOR"
