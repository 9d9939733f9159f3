"""Checks the calendar: a day is declared once, changes every OPD's policy, and is part of every later change."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import pytest
from pydantic import ValidationError

from services.policy.domain import decider
from services.policy.domain.commands import DeclareHolidays
from services.policy.domain.opd_commands import OpenOpd
from services.policy.domain.reference_data.holidays import default_holidays
from shared.domain.errors import Invalid
from shared.domain.facts.base import Fact
from shared.domain.facts.policy import Holiday, HolidayDeclared, OpdOpened, PolicyChanged
from tests.support.example_facts import at
from tests.support.given_when_then import decide
from tests.support.messages import english, indonesian
from tests.support.se_150 import ENACT, ENACTED, IN_FORCE, LATE, ON_TIME, REGISTER, REVOKE, policy_of

INDEPENDENCE = {
    "date": "2025-08-18",
    "kind": "cuti_bersama",
    "name": "Cuti Bersama Kemerdekaan",
    "source": "SKB 3 Menteri 933/2025",
}
CHRISTMAS = {"date": "2025-12-25", "kind": "public", "name": "Hari Raya Natal", "source": "SKB 3 Menteri 1017/2024"}
DAYS = [Holiday.model_validate(day) for day in (INDEPENDENCE, CHRISTMAS)]
DECLARED = [HolidayDeclared(region="32", holiday=day) for day in DAYS]
WITH_CALENDAR: dict[str, Sequence[Fact]] = {**IN_FORCE, "calendar/32": DECLARED}


def declare(*days: Mapping[str, str]) -> DeclareHolidays:
    return DeclareHolidays.model_validate({"region": "32", "holidays": days})


def test_a_day_declared_in_august_is_recorded_once_and_published_to_every_opd() -> None:
    facts = decide(decider, REGISTER, declare(INDEPENDENCE), at("09:00", date(2025, 8, 7)))
    assert facts["calendar/32"] == DECLARED[:1]
    assert [policy_of(facts, opd).holidays for opd in ("DPMPTSP", "BAPPEDA")] == [(DAYS[0],), (DAYS[0],)]


def test_the_change_is_the_calendars_and_touches_its_first_new_day() -> None:
    change = policy_of(decide(decider, REGISTER, declare(CHRISTMAS, INDEPENDENCE), LATE)).change
    assert (change.kind, change.instrument, change.decided_on, change.effective_from) == (
        "CALENDAR", "kalender", date(2025, 11, 10), date(2025, 8, 18),
    )  # fmt: skip


def test_the_whole_calendar_is_published_by_date_and_the_rules_with_it() -> None:
    facts = decide(decider, {**IN_FORCE, "calendar/32": DECLARED[:1]}, declare(CHRISTMAS), LATE)
    policy = policy_of(facts)
    assert ([h.date.month for h in policy.holidays], len(policy.periods), len(facts["calendar/32"])) == ([8, 12], 1, 1)


def test_a_day_that_is_over_is_not_added_to_a_year_that_is_on_record() -> None:
    with pytest.raises(Invalid, match="2025-08-18 sudah lewat; sejarah tidak berubah"):
        decide(decider, {**IN_FORCE, "calendar/32": DECLARED[1:]}, declare(INDEPENDENCE), LATE)


def test_a_calendar_may_begin_with_days_that_are_over() -> None:
    assert len(decide(decider, IN_FORCE, declare(INDEPENDENCE), LATE)["calendar/32"]) == 1


def test_a_known_day_declared_again_changes_nothing() -> None:
    assert decide(decider, WITH_CALENDAR, declare(CHRISTMAS, INDEPENDENCE), LATE) == {}


def test_a_day_whose_name_is_corrected_holds_as_it_was_declared_last() -> None:
    facts = decide(decider, WITH_CALENDAR, declare({**CHRISTMAS, "name": "Kelahiran Yesus Kristus"}), LATE)
    assert [h.name for h in policy_of(facts).holidays] == ["Cuti Bersama Kemerdekaan", "Kelahiran Yesus Kristus"]


@pytest.mark.parametrize("command", [ENACT, REVOKE], ids=["enacted", "revoked"])
def test_every_later_change_carries_the_calendar(command: object) -> None:
    given = {**REGISTER, "calendar/32": DECLARED} if command is ENACT else WITH_CALENDAR
    assert policy_of(decide(decider, given, command, LATE)).holidays == tuple(DAYS)


def policy_of_new_opd(*instrument_events: Fact) -> PolicyChanged:
    command = OpenOpd(region="32", opd="BKD", name="Badan Kepegawaian Daerah", on=date(2025, 1, 1))
    first, policy = decide(decider, {"instruments/32": instrument_events, "calendar/32": DECLARED}, command, ON_TIME)[
        "policy/32/BKD"
    ]
    assert isinstance(first, OpdOpened)
    assert isinstance(policy, PolicyChanged)
    return policy


def test_an_opd_opened_later_gets_the_calendar_though_no_instrument_binds() -> None:
    policy = policy_of_new_opd()
    assert (policy.change.kind, policy.holidays, policy.periods) == ("CALENDAR", tuple(DAYS), ())


def test_an_opd_opened_later_gets_calendar_and_instrument_at_once() -> None:
    policy = policy_of_new_opd(ENACTED)
    assert (policy.change.kind, policy.holidays, len(policy.periods)) == ("ENACTED", tuple(DAYS), 1)


def test_a_day_written_twice_is_named_in_both_languages() -> None:
    with pytest.raises(Invalid) as caught:
        decide(decider, REGISTER, declare(CHRISTMAS, INDEPENDENCE, {**CHRISTMAS, "kind": "cuti_bersama"}))
    assert (caught.value.pointer, indonesian(caught.value.message), english(caught.value.message)) == (
        "/holidays/2/date", "2025-12-25 tertulis dua kali.", "2025-12-25 is written twice.",
    )  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [{"kind": "bank_holiday"}, {"name": "N" * 201}, {"name": ""}, {"date": "1945-08-17"}, {"source": ""}, {"who": "x"}],
)
def test_a_day_that_is_in_no_calendar_is_rejected(changes: Mapping[str, str]) -> None:
    with pytest.raises(ValidationError):
        declare({**CHRISTMAS, **changes})


def test_a_declaration_holds_two_hundred_days_at_most() -> None:
    days = [{**CHRISTMAS, "date": str(date(2025, 1, 1) + timedelta(days=number))} for number in range(201)]
    with pytest.raises(ValidationError):
        declare(*days)


def test_a_declaration_of_no_day_is_rejected() -> None:
    with pytest.raises(Invalid, match="sedikitnya satu hari"):
        decide(decider, REGISTER, declare())


@pytest.mark.parametrize(("year", "working", "thursdays"), [(2025, 237, 48), (2026, 240, 48), (2027, 242, 48)])
def test_the_seeded_calendar_leaves_the_working_days_of_each_year(year: int, working: int, thursdays: int) -> None:
    free = {holiday.date for holiday in default_holidays([2025, 2026, 2027])}
    days = [date(year, 1, 1) + timedelta(days=number) for number in range(365)]
    duty = [day for day in days if day.weekday() < 5 and day not in free]
    assert (len(duty), sum(day.weekday() == 3 for day in duty)) == (working, thursdays)


PUBLIC_2026 = "01-01 01-16 02-17 03-19 03-21 03-22 04-03 04-05 05-01 05-14 05-27 05-31 06-01 06-16 08-17 08-25 12-25"
CUTI_BERSAMA_2026 = "02-16 03-18 03-20 03-23 03-24 05-15 05-28 12-24"


@pytest.mark.parametrize(("kind", "days"), [("public", PUBLIC_2026), ("cuti_bersama", CUTI_BERSAMA_2026)])
def test_the_seeded_calendar_of_2026_is_the_decreed_one(kind: str, days: str) -> None:
    assert [f"{h.date:%m-%d}" for h in default_holidays([2026]) if h.kind == kind] == days.split()


def test_the_seeded_calendar_is_sorted_names_each_day_once_and_can_be_declared_at_once() -> None:
    days = default_holidays([2027, 2025, 2026])
    assert [h.date for h in days] == sorted({h.date for h in days})
    facts = decide(decider, REGISTER, declare(*(h.model_dump(mode="json") for h in days)))
    assert policy_of(facts).holidays == days


def test_the_seeded_calendar_is_in_indonesian() -> None:
    assert next(h.name for h in default_holidays([2026]) if h.date == date(2026, 1, 16)) == "Isra Mikraj Nabi Muhammad"
