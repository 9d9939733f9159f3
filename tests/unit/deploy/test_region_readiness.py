"""Tests what `piket region check` says a government lacks, and that it says nothing of one that has everything."""

from datetime import date

import pytest

from deploy.doctor.judgement.verdict import Finding, Verdict
from deploy.onboarding.checks import REGION_CHECKS, report
from deploy.onboarding.judgement.national_base import missing_instruments, national_base
from deploy.onboarding.judgement.readiness import (
    BoardObserved,
    PolicyObserved,
    RostersObserved,
    ServedObserved,
    StaffObserved,
    judge_board,
    judge_calendar,
    judge_national_base,
    judge_register,
    judge_rosters,
    judge_served,
    judge_staff,
)
from deploy.onboarding.judgement.working_days import next_working_day

TODAY = date(2026, 5, 4)
PERMENPANRB, FRIDAY = "nasional-2025-permenpanrb-4", "nasional-2026-friday"
UNITS = {"DPMPTSP": frozenset({"PERIZINAN"}), "BKPSDM": frozenset({"SEKRETARIAT"})}
POLICY = PolicyObserved("3276", TODAY, frozenset({2026, 2027}), frozenset({PERMENPANRB, FRIDAY}), UNITS)
STAFFED = frozenset({("DPMPTSP", "PERIZINAN"), ("BKPSDM", "SEKRETARIAT")})
STAFF = StaffObserved("3276", STAFFED, STAFFED)
ROSTERS = RostersObserved("3276", TODAY, ["BKPSDM", "DPMPTSP"], ["BKPSDM", "DPMPTSP"])
BOARD = BoardObserved("3276", "https://piket.example", ["DPMPTSP"], ["DPMPTSP"])
IMPORT_REGISTER = "piket policy import 3276/register.xlsx --region 3276"

HEALTHY = {
    "PIKET_REGIONS names 3276": judge_served(ServedObserved("3276", ["32", "3276"])),
    "the holidays of 2026 are declared": judge_calendar(POLICY),
    "2 national instruments are enacted": judge_national_base(POLICY),
    "2 OPD with 2 units": judge_register(POLICY),
    "each of 2 units has people": judge_staff(STAFF),
    "2 OPD have rosters on 2026-05-04": judge_rosters(ROSTERS),
    "https://piket.example/wilayah/3276 shows 1 OPD": judge_board(BOARD),
}
LACKING = [
    (judge_served(ServedObserved("3276", ["32"])), "PIKET_REGIONS", "is 32, without 3276", "piket region init 3276"),
    (
        judge_calendar(POLICY._replace(holiday_years=frozenset({2025}))),
        "The calendar", "has no holiday of 2026", "piket policy record 3276/calendar.json --region 3276",
    ),
    (
        judge_national_base(POLICY._replace(instruments=frozenset({FRIDAY}))),
        "PermenPANRB 4/2025", "is not enacted", "piket region enact-national 3276",
    ),
    (judge_register(POLICY._replace(units={})), "The register", "has no OPD", IMPORT_REGISTER),
    (
        judge_register(POLICY._replace(units={**UNITS, "SETDA": frozenset()})),
        "SETDA", "has no unit", IMPORT_REGISTER,
    ),
    (
        judge_staff(STAFF._replace(staffed=frozenset({("BKPSDM", "SEKRETARIAT")}))),
        "DPMPTSP/PERIZINAN", "has nobody on the next working day", "piket people import 3276/people.xlsx --region 3276",
    ),
    (
        judge_rosters(ROSTERS._replace(rostered=["BKPSDM"])),
        "DPMPTSP", "has no roster on 2026-05-04", "piket roster publish --region 3276 --date 2026-05-04 --opd DPMPTSP",
    ),
    (
        judge_board(BOARD._replace(visible=[])),
        "DPMPTSP", "has a roster, but the board does not show it yet", "piket doctor",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("evidence", "verdict"), HEALTHY.items())
def test_a_government_that_has_everything_lacks_nothing(evidence: str, verdict: Verdict) -> None:
    assert (verdict.healthy, verdict.evidence) == (True, evidence)


@pytest.mark.parametrize(("verdict", "where", "what", "command"), LACKING)
def test_what_is_missing_is_named_with_the_next_command(verdict: Verdict, where: str, what: str, command: str) -> None:
    (finding,) = verdict.findings
    assert (finding.where, finding.what, command in finding.cure) == (where, what, True)


def test_of_several_hidden_opd_all_are_named() -> None:
    (finding,) = judge_board(BOARD._replace(opds=["BKPSDM", "DPMPTSP"], visible=[])).findings
    assert (finding.where, finding.what) == ("BKPSDM, DPMPTSP", "has a roster, but the board does not show them yet")


def test_each_thing_is_one_line_and_the_last_line_counts() -> None:
    results = {
        "topics": Verdict([Finding("Kafka", "has no topic piket.3276.policy.v1", "piket topics create")]),
        "register": Verdict(evidence="2 OPD with 2 units"),
        "people": Verdict(not_checked="The register has no OPD"),
    }
    assert list(report("3276", results)) == [
        "missing  topics         Kafka has no topic piket.3276.policy.v1. Next: piket topics create",
        "ok       register       2 OPD with 2 units",
        "later    people         waits for: The register has no OPD",
        "Missing: 1. Steps that wait for them: 1.",
    ]
    assert list(report("3276", {"register": results["register"]}))[-1].startswith("Nothing is missing")


def test_every_check_is_listed_after_those_that_it_needs() -> None:
    names = [check.name for check in REGION_CHECKS]
    assert len(names) == len(set(names))
    assert all(names.index(need) < names.index(check.name) for check in REGION_CHECKS for need in check.needs)


@pytest.mark.parametrize(
    ("today", "base"),
    [
        (date(2025, 11, 6), [PERMENPANRB]),
        (date(2026, 3, 20), [PERMENPANRB, "ramadan-national", "panrb-2026-around-lebaran"]),
        (TODAY, [PERMENPANRB, FRIDAY]),
    ],
)
def test_the_national_base_is_what_was_published_and_has_not_ended(today: date, base: list[str]) -> None:
    assert [instrument.instrument for instrument in national_base(today)] == base


def test_an_instrument_that_is_recorded_is_not_missing() -> None:
    assert [i.instrument for i in missing_instruments(TODAY, {PERMENPANRB})] == [FRIDAY]


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2026, 5, 4), date(2026, 5, 5)),
        (date(2026, 5, 8), date(2026, 5, 12)),
        (date(2026, 5, 9), date(2026, 5, 12)),
    ],
)
def test_the_next_working_day_is_no_weekend_and_no_holiday(today: date, expected: date) -> None:
    assert next_working_day(today, {date(2026, 5, 11)}) == expected
