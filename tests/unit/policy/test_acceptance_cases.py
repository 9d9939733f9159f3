"""Checks the acceptance cases: the answer, the deciding instrument and the reason."""

from collections.abc import Mapping
from typing import NamedTuple

import pytest

from tests.support.pinned_answers import (
    AT_GEDUNG_SATE,
    COUNTERS,
    DIRECT,
    ELSEWHERE,
    OFFICE,
    SE_42,
    SE_80,
    SE_188,
    STAGE_1,
    STAGE_2,
)
from tests.support.policy_cli import answer_of


class Case(NamedTuple):
    """One acceptance case: the question, the answer, the deciding rule and the instrument that wins it."""

    region: str
    opd: str
    day: str
    subject: Mapping[str, str]
    answer: str
    rule: str
    winner: str | None


KEP_196 = "kota-bogor-2025-kep-196"


BROUGHT_INTO_FORCE = {**OFFICE, "--in-force": f"{KEP_196}=2026-01-26", "--approved": ""}


CASES = (
    Case("32", "BAPPEDA", "2025-11-06", OFFICE, "WFH", "pattern", STAGE_1),
    Case("32", "DPMPTSP", "2025-11-06", DIRECT, "WFO", "excluded_classes", STAGE_1),
    Case("32", "BAPPEDA", "2025-11-07", OFFICE, "WFO", "pattern", STAGE_1),
    Case("32", "BAPPEDA", "2025-12-04", OFFICE, "MAX_SHARE", "max_share", STAGE_2),
    Case("32", "BAPPEDA", "2026-01-01", OFFICE, "HOLIDAY", "pattern", SE_188),
    Case("32", "BAPPEDA", "2026-01-08", OFFICE, "WFH", "pattern", SE_188),
    Case("32", "BAPPEDA", "2026-04-10", OFFICE, "WFO", "approvals", SE_188),
    Case("32.76", "kecamatan", "2026-02-12", COUNTERS, "UNIT_HEAD", "unit_head_decides", SE_42),
    Case("32.76", "kecamatan", "2026-02-23", COUNTERS, "WFO", "excluded_units", SE_80),
    Case("32.76", "inspektorat", "2026-02-19", OFFICE, "WFO", "pattern", SE_80),
    Case("32.76", "inspektorat", "2026-02-23", OFFICE, "WFH", "pattern", SE_80),
    Case("32.71", "any", "2026-01-29", OFFICE, "WFO", "pattern", None),
    Case("32.71", "any", "2026-01-29", BROUGHT_INTO_FORCE, "WFA", "approvals", KEP_196),
    Case("32", "SETDA", "2025-11-05", AT_GEDUNG_SATE, "WFH", "pattern", STAGE_1),
    Case("32", "SETDA", "2025-11-05", ELSEWHERE, "WFO", "pattern", STAGE_1),
    Case("32.77", "any", "2026-04-10", OFFICE, "MAX_SHARE", "max_share", "cimahi-2026-friday"),
)


def case_id(case: Case) -> str:
    return " ".join((case.region, case.opd, case.day, *filter(None, case.subject.values())))


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_a_case_of_acceptance_is_answered_by_the_instrument_that_won_and_explained_in_two_languages(case: Case) -> None:
    result = answer_of(case.region, case.opd, case.day, case.subject)
    languages = {language: bool(text) for language, text in result["because"].items()}
    assert (result["answer"], result["won_by"].get(case.rule), languages) == (
        case.answer, case.winner, {"id": True, "en": True},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("case", "share", "text"),
    [
        (CASES[1], 0.0, "On site: direct service"),
        (CASES[3], 0.5, "At most 50 % of each OPD at home"),
        (CASES[4], 0.0, "not moved"),
        (CASES[6], 0.0, "only for an OPD whose application"),
        (CASES[7], None, "The counter stays on site"),
        (CASES[9], 0.0, "Outside the pattern of SE 800/80"),
        (CASES[11], 0.0, "is enacted but not in force"),
        (CASES[12], None, "At most 2 days a week for each person"),
        (CASES[14], 0.0, "all others 6 November 2025"),
        (CASES[15], 0.75, "Positions that stay on site: JPT pratama (echelon II), administrators (echelon III)"),
    ],
    ids=lambda value: case_id(value) if isinstance(value, Case) else "",
)
def test_a_case_of_acceptance_says_the_reason_of_the_file(case: Case, share: float | None, text: str) -> None:
    result = answer_of(case.region, case.opd, case.day, case.subject)
    assert (result["max_share"], text in result["because"]["en"]) == (share, True), result["because"]["en"]


def test_kep_196_in_force_offers_its_three_places_and_no_other() -> None:
    result = answer_of("32.71", "any", "2026-01-29", BROUGHT_INTO_FORCE)
    conditions = ["FACILITIES", "SECURITY", "HEALTH", "SAFETY", "INSTITUTIONAL_IMAGE"]
    assert {place["place"]: place["conditions"] for place in result["places"]} == {
        "HOME": [], "OTHER_OFFICE": [], "PUBLIC_PLACE": conditions,
    }  # fmt: skip
