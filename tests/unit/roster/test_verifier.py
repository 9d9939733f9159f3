"""The referee: a sound plan passes, and each way to break a rule is seen."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta

import pytest

from services.roster.domain.planning.unit_day import UnitDay
from services.roster.domain.planning.verifier import Unsound, faults, judge
from shared.domain.facts.policy import Holiday, Pattern, PolicyChanged, Rules
from shared.domain.facts.roster import Assignment
from tests.support.example_facts import ANI, BUDI, CITRA, DEDI, arrangement, person, placed, policy, post, roster, shift

MONDAY = date(2025, 12, 1)
TUESDAY = MONDAY + timedelta(days=1)
SATURDAY = MONDAY + timedelta(days=5)
HALVES = Rules(pattern=Pattern(groups=2), max_share=0.5, weekly_cap_days=1)
PEOPLE = (placed(ANI, "KASIR"), placed(BUDI), placed(CITRA), placed(DEDI))
COUNTER = post(skills=("KASIR",))


def bound(*holidays: Holiday, rules: Rules = HALVES) -> PolicyChanged:
    period = policy().periods[0].model_copy(update={"from_": date(2025, 1, 1), "to": None, "rules": rules})
    return policy(*holidays).model_copy(update={"periods": (period,)})


def day(on: date = MONDAY, kind: str = "MIXED", told: PolicyChanged | None = None, **more: object) -> UnitDay:
    return UnitDay(on, arrangement(COUNTER, **{"class": kind}), told or bound(), PEOPLE, **more)  # type: ignore[arg-type]


HOME = {name: shift(name, at_post=None, mode="WFH") for name in (ANI, BUDI, CITRA, DEDI)}
OFFICE = {name: shift(name, at_post=None) for name in (ANI, BUDI, CITRA, DEDI)}
CLERK = shift(ANI)
SOUND = (CLERK, HOME[BUDI], HOME[CITRA], OFFICE[DEDI])


def broken(there: UnitDay, *shifts: Assignment, staff: int = 4) -> list[str]:
    return list(faults([there], {("FRONT", there.work_date): shifts}, (), {there.work_date: staff}))


def test_a_sound_plan_passes() -> None:
    assert broken(day(), *SOUND) == []


REST = (OFFICE[BUDI], OFFICE[CITRA], OFFICE[DEDI])
UNSOUND: Mapping[str, tuple[Callable[[], list[str]], str]] = {
    "somebody twice": (lambda: broken(day(), *SOUND, OFFICE[DEDI]), "has 2 shifts"),
    "somebody forgotten": (lambda: broken(day(), *SOUND[:3]), "has 0 shifts"),
    "a stranger": (lambda: broken(day(), *SOUND, shift(person("Eka"), at_post=None)), "of 0 units"),
    "a clerk without the skill": (lambda: broken(day(), OFFICE[ANI], shift(BUDI), *REST[1:]), "lacks a skill"),
    "a clerk on leave": (lambda: broken(day(away={ANI: "LEAVE"}), CLERK, *REST), "is away"),
    "a clerk who comes after opening": (lambda: broken(day(), shift(ANI, 500, 960), *REST), "shorter than"),
    "an empty counter while a cashier is idle": (lambda: broken(day(), OFFICE[ANI], *REST), "could serve"),
    "a counter kept on Saturday": (lambda: broken(day(SATURDAY), CLERK, *REST), "staffed but closed"),
    "home on Saturday": (lambda: broken(day(SATURDAY), OFFICE[ANI], HOME[BUDI], *REST[1:]), "may not be"),
    "home from direct service": (lambda: broken(day(kind="DIRECT"), *SOUND), "may not be"),
    "home on another weekday": (
        lambda: broken(day(told=bound(rules=Rules(pattern=Pattern(weekdays=("THU",))))), *SOUND),
        "may not be",
    ),
    "home without any pattern": (lambda: broken(day(told=bound(rules=Rules())), *SOUND), "may not be"),
    "home while on leave": (lambda: broken(day(away={BUDI: "LEAVE"}), CLERK, HOME[BUDI], *REST[1:]), "may not be"),
    "more than half at home": (lambda: broken(day(), *SOUND[:3], HOME[DEDI]), "3 of 4 are at home"),
    "more than one of three groups": (
        lambda: broken(day(told=bound(rules=Rules(pattern=Pattern(groups=3)))), *SOUND),
        "the share is 0.33",
    ),
    "more than half of the unit": (
        lambda: broken(
            day(told=bound(rules=HALVES.model_copy(update={"share_of": "UNIT"}))), *SOUND[:3], HOME[DEDI], staff=99
        ),
        "3 of 4",
    ),
}


@pytest.mark.parametrize(("found", "words"), UNSOUND.values(), ids=UNSOUND.keys())
def test_a_plan_with(found: Callable[[], list[str]], words: str) -> None:
    assert any(words in fault for fault in found())


def test_home_on_a_holiday_is_seen_and_the_counter_closed() -> None:
    off = Holiday(date=MONDAY, kind="LIBUR", name="Libur", source="SKB")
    assert len(broken(day(told=bound(off)), *SOUND)) == 2


def test_a_day_before_any_policy_asks_nothing() -> None:
    late = bound().model_copy(update={"periods": ()})
    assert broken(day(told=late), CLERK, *REST) == []
    assert (
        list(faults([UnitDay(MONDAY, arrangement(COUNTER), None, PEOPLE)], {("FRONT", MONDAY): (CLERK, *REST)}, (), {}))
        == []
    )


def test_a_second_day_at_home_in_the_week_is_seen_also_if_the_first_is_published() -> None:
    before = [roster(HOME[BUDI], day=TUESDAY, unit="BACK")]
    told = list(faults([day()], {("FRONT", MONDAY): SOUND}, before, {MONDAY: 4}))
    assert told == [f"FRONT {MONDAY}: somebody has more than 1 days at home that week"]


def test_what_this_plan_replaces_or_was_withdrawn_no_longer_counts() -> None:
    before = [
        roster(HOME[DEDI], HOME[CITRA], day=MONDAY),
        roster(HOME[DEDI], day=MONDAY, unit="BACK"),
        roster(HOME[CITRA], day=TUESDAY).model_copy(update={"status": "WITHDRAWN"}),
    ]
    assert list(faults([day()], {("FRONT", MONDAY): SOUND}, before, {MONDAY: 4})) == []


def test_an_unsound_plan_does_not_leave() -> None:
    with pytest.raises(Unsound, match="could serve"):
        judge([day()], {("FRONT", MONDAY): (OFFICE[ANI], *REST)}, (), {MONDAY: 4})
