"""What a change makes of an OPD's days: the Thursdays of SE 150, the Mondays of Depok, and Christmas."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from services.policy.domain.resolution.diff import Differing, differing
from services.policy.domain.snapshot import Rulebook
from shared.domain.facts.policy import Holiday, Period

NOVEMBER, DECEMBER, JANUARY = date(2025, 11, 6), date(2025, 12, 2), date(2026, 1, 1)
THURSDAYS = {"pattern": {"weekdays": ["THU"]}}
HALF = {"max_share": 0.5}
CHRISTMAS = date(2025, 12, 25)


def period(first: date, last: date | None, rules: dict[str, Any]) -> Period:
    return Period.model_validate({"from": first, "to": last, "rules": rules})


def holiday(name: str) -> Holiday:
    return Holiday(date=CHRISTMAS, kind="public", name=name, source="SKB 3 Menteri 1017/2024")


def book(*periods: Period, holidays: Sequence[Holiday] = ()) -> Rulebook:
    return Rulebook(periods, tuple(holidays))


def found(before: Rulebook | None, after: Rulebook) -> list[Differing]:
    return differing("DPMPTSP", before, after)


def dates(before: Rulebook | None, after: Rulebook) -> list[tuple[date, date | None]]:
    return [(each.from_, each.to) for each in found(before, after)]


STAGE_1 = period(NOVEMBER, date(2025, 11, 30), THURSDAYS)


def test_an_opd_that_was_told_nothing_yet_gets_every_rule_as_new() -> None:
    assert [each.rules["pattern"][0] for each in found(None, book(STAGE_1))] == [None]


def test_what_is_told_once_more_differs_nowhere() -> None:
    assert found(book(STAGE_1), book(STAGE_1)) == []


def test_the_dates_of_a_new_circular_are_told_with_both_ends() -> None:
    assert dates(book(), book(STAGE_1)) == [(NOVEMBER, date(2025, 11, 30))]


def test_a_circular_that_is_gone_leaves_its_rules_unset() -> None:
    assert [each.rules["pattern"][1] for each in found(book(STAGE_1), book())] == [None]


def test_a_change_without_end_has_no_last_date() -> None:
    assert dates(book(), book(period(JANUARY, None, THURSDAYS))) == [(JANUARY, None)]


def test_only_the_rules_that_differ_are_named() -> None:
    (each,) = found(book(period(JANUARY, None, THURSDAYS)), book(period(JANUARY, None, THURSDAYS | HALF)))
    assert each.rules == {"max_share": (None, 0.5)}


def test_only_the_days_after_the_revocation_differ() -> None:
    revoked = period(NOVEMBER, date(2025, 11, 12), THURSDAYS)
    assert dates(book(STAGE_1), book(revoked)) == [(date(2025, 11, 13), date(2025, 11, 30))]


def test_neighbouring_dates_that_change_alike_are_told_as_one() -> None:
    before = book(period(NOVEMBER, date(2025, 12, 1), THURSDAYS), period(DECEMBER, None, {"max_share": 0.5}))
    after = book(
        period(NOVEMBER, date(2025, 12, 1), THURSDAYS | {"weekly_cap_days": 2}),
        period(DECEMBER, None, HALF | {"weekly_cap_days": 2}),
    )
    assert dates(before, after) == [(NOVEMBER, None)]


def test_dates_that_change_alike_with_others_between_them_are_told_apart() -> None:
    after = book(STAGE_1, period(DECEMBER, date(2025, 12, 31), THURSDAYS))
    assert dates(book(), after) == [(NOVEMBER, date(2025, 11, 30)), (DECEMBER, date(2025, 12, 31))]


def test_neighbouring_dates_that_change_otherwise_are_told_apart() -> None:
    after = book(period(DECEMBER, date(2025, 12, 31), THURSDAYS), period(JANUARY, None, HALF))
    assert dates(book(), after) == [(DECEMBER, date(2025, 12, 31)), (JANUARY, None)]


def test_a_new_day_without_duty_is_told_with_its_name() -> None:
    (each,) = found(book(), book(holidays=[holiday("Hari Raya Natal")]))
    assert (each.from_, each.to, each.rules) == (CHRISTMAS, CHRISTMAS, {"holiday": (None, "Hari Raya Natal")})


def test_a_day_whose_name_is_corrected_is_told_with_both() -> None:
    (each,) = found(book(holidays=[holiday("Natal")]), book(holidays=[holiday("Hari Raya Natal")]))
    assert each.rules == {"holiday": ("Natal", "Hari Raya Natal")}


def test_a_day_without_duty_that_stays_is_not_told() -> None:
    assert found(book(holidays=[holiday("Natal")]), book(STAGE_1, holidays=[holiday("Natal")]))[1:] == []


def test_it_is_written_with_from_and_to() -> None:
    (each,) = found(book(), book(STAGE_1))
    assert list(each.model_dump(mode="json")) == ["opd", "from", "to", "rules"]
