"""Comparison of two rule timelines of an OPD: the Thursdays of SE 150, the Mondays of Depok, and Christmas."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from services.policy.domain.resolution.diff import RuleChange, diff_timelines
from services.policy.domain.snapshot import OpdTimeline
from shared.domain.facts.policy import Holiday, Period

NOVEMBER, DECEMBER, JANUARY = date(2025, 11, 6), date(2025, 12, 2), date(2026, 1, 1)
THURSDAYS = {"pattern": {"weekdays": ["THU"]}}
HALF = {"max_share": 0.5}
CHRISTMAS = date(2025, 12, 25)


def period(first: date, last: date | None, rules: dict[str, Any]) -> Period:
    return Period.model_validate({"from": first, "to": last, "rules": rules})


def holiday(name: str) -> Holiday:
    return Holiday(date=CHRISTMAS, kind="public", name=name, source="SKB 3 Menteri 1017/2024")


def timeline(*periods: Period, holidays: Sequence[Holiday] = ()) -> OpdTimeline:
    return OpdTimeline(periods, tuple(holidays))


def changes_between(before: OpdTimeline | None, after: OpdTimeline) -> list[RuleChange]:
    return diff_timelines("DPMPTSP", before, after)


def changed_dates(before: OpdTimeline | None, after: OpdTimeline) -> list[tuple[date, date | None]]:
    return [(change.from_, change.to) for change in changes_between(before, after)]


STAGE_1 = period(NOVEMBER, date(2025, 11, 30), THURSDAYS)


def test_an_opd_without_a_policy_yet_gets_every_rule_as_new() -> None:
    assert [change.rules["pattern"][0] for change in changes_between(None, timeline(STAGE_1))] == [None]


def test_a_policy_that_is_published_again_differs_nowhere() -> None:
    assert changes_between(timeline(STAGE_1), timeline(STAGE_1)) == []


def test_the_dates_of_a_new_circular_are_shown_with_both_ends() -> None:
    assert changed_dates(timeline(), timeline(STAGE_1)) == [(NOVEMBER, date(2025, 11, 30))]


def test_a_circular_that_is_gone_leaves_its_rules_unset() -> None:
    assert [change.rules["pattern"][1] for change in changes_between(timeline(STAGE_1), timeline())] == [None]


def test_a_change_without_end_has_no_last_date() -> None:
    assert changed_dates(timeline(), timeline(period(JANUARY, None, THURSDAYS))) == [(JANUARY, None)]


def test_only_the_rules_that_differ_are_named() -> None:
    (change,) = changes_between(
        timeline(period(JANUARY, None, THURSDAYS)), timeline(period(JANUARY, None, THURSDAYS | HALF))
    )
    assert change.rules == {"max_share": (None, 0.5)}


def test_only_the_days_after_the_revocation_differ() -> None:
    revoked = period(NOVEMBER, date(2025, 11, 12), THURSDAYS)
    assert changed_dates(timeline(STAGE_1), timeline(revoked)) == [(date(2025, 11, 13), date(2025, 11, 30))]


def test_neighbouring_dates_that_change_alike_are_shown_as_one() -> None:
    before = timeline(period(NOVEMBER, date(2025, 12, 1), THURSDAYS), period(DECEMBER, None, {"max_share": 0.5}))
    after = timeline(
        period(NOVEMBER, date(2025, 12, 1), THURSDAYS | {"weekly_cap_days": 2}),
        period(DECEMBER, None, HALF | {"weekly_cap_days": 2}),
    )
    assert changed_dates(before, after) == [(NOVEMBER, None)]


def test_dates_that_change_alike_with_others_between_them_are_shown_separately() -> None:
    after = timeline(STAGE_1, period(DECEMBER, date(2025, 12, 31), THURSDAYS))
    assert changed_dates(timeline(), after) == [(NOVEMBER, date(2025, 11, 30)), (DECEMBER, date(2025, 12, 31))]


def test_neighbouring_dates_that_change_differently_are_shown_separately() -> None:
    after = timeline(period(DECEMBER, date(2025, 12, 31), THURSDAYS), period(JANUARY, None, HALF))
    assert changed_dates(timeline(), after) == [(DECEMBER, date(2025, 12, 31)), (JANUARY, None)]


def test_a_new_day_without_duty_is_shown_with_its_name() -> None:
    (change,) = changes_between(timeline(), timeline(holidays=[holiday("Hari Raya Natal")]))
    assert (change.from_, change.to, change.rules) == (CHRISTMAS, CHRISTMAS, {"holiday": (None, "Hari Raya Natal")})


def test_a_day_whose_name_is_corrected_is_shown_with_both() -> None:
    (change,) = changes_between(timeline(holidays=[holiday("Natal")]), timeline(holidays=[holiday("Hari Raya Natal")]))
    assert change.rules == {"holiday": ("Natal", "Hari Raya Natal")}


def test_a_day_without_duty_that_remains_is_not_shown() -> None:
    assert (
        changes_between(timeline(holidays=[holiday("Natal")]), timeline(STAGE_1, holidays=[holiday("Natal")]))[1:] == []
    )


def test_it_is_written_with_from_and_to() -> None:
    (change,) = changes_between(timeline(), timeline(STAGE_1))
    assert list(change.model_dump(mode="json")) == ["opd", "from", "to", "rules"]
