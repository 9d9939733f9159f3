"""Checks the calendar and the rules pages over HTTP."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import httpx
import pytest

from services.policy.domain.presets.catalogue import presets
from services.policy.domain.reference_data.holidays import default_holidays
from tests.support.example_facts import at
from tests.support.office_setup import OPD, REGION
from tests.support.story import StoryEnvironment

HOLIDAYS = f"/policy/v1/{REGION}/holidays"
PAGE = f"/aturan/{REGION}/{OPD}"
CHRISTMAS = {"date": "2025-12-25", "kind": "public", "name": "Hari Raya Natal", "source": "SKB 1017/2024"}


async def declare(world: StoryEnvironment, *days: Mapping[str, Any], user: str = "sri") -> httpx.Response:
    return await world.office.post(HOLIDAYS, world.office.issuer.token(user), {"holidays": list(days)})


async def effective(world: StoryEnvironment) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {world.office.issuer.token('sri')}"}
    answer: dict[str, Any] = (await world.office.http.get(f"/policy/v1/{REGION}/opd/{OPD}", headers=headers)).json()
    return answer


async def test_a_declared_day_is_answered_with_its_fact_and_the_policy_that_it_changes(world: StoryEnvironment) -> None:
    answer = await declare(world, CHRISTMAS)
    assert (answer.status_code, [e["subject"] for e in answer.json()["events"]]) == (
        201, [f"calendar/{REGION}", f"policy/{REGION}/{OPD}"],
    )  # fmt: skip
    assert (await effective(world))["holidays"] == [CHRISTMAS]


async def test_three_years_are_declared_at_once_and_again_without_effect(world: StoryEnvironment) -> None:
    days = [holiday.model_dump(mode="json") for holiday in default_holidays([2025, 2026, 2027])]
    assert [(await declare(world, *days)).status_code for _ in range(2)] == [201, 200]
    assert len((await effective(world))["holidays"]) == len(days)


WRONG: dict[str, tuple[Sequence[Mapping[str, Any]], str]] = {
    "an unknown kind": ([{**CHRISTMAS, "kind": "bank_holiday"}], "/holidays/0/kind"),
    "a name too long": ([{**CHRISTMAS, "name": "N" * 201}], "/holidays/0/name"),
    "a new line in the name": ([{**CHRISTMAS, "name": "Hari\nNatal"}], "/holidays/0/name"),
    "no source": ([{k: v for k, v in CHRISTMAS.items() if k != "source"}], "/holidays/0/source"),
    "a date that is none": ([{**CHRISTMAS, "date": "2025-02-30"}], "/holidays/0/date"),
    "an unknown field": ([{**CHRISTMAS, "half": True}], "/holidays/0/half"),
    "a day written twice": ([CHRISTMAS, {**CHRISTMAS, "kind": "cuti_bersama"}], "/holidays/1/date"),
    "no day": ([], "/holidays"),
    "too many days": ([CHRISTMAS] * 201, "/holidays"),
}


@pytest.mark.parametrize(("days", "pointer"), WRONG.values(), ids=WRONG.keys())
async def test_a_calendar_is_rejected_in_both_languages_with(
    world: StoryEnvironment, days: Sequence[Mapping[str, Any]], pointer: str
) -> None:
    answer = await declare(world, *days)
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["pointer"], error["detail"] != error["detail_en"]) == (422, pointer, True)
    assert (await effective(world))["holidays"] == []


async def test_only_the_personnel_agency_declares(world: StoryEnvironment) -> None:
    assert (await declare(world, CHRISTMAS, user="rahmat")).status_code == 403


@pytest.mark.parametrize("pattern", [{"weekdays": ["THU"], "groups": 2}, {}, {"groups": "two"}, {"groups": 1e300}])
async def test_a_pattern_of_both_kinds_of_none_or_of_no_number_is_rejected(
    world: StoryEnvironment, pattern: Mapping[str, Any]
) -> None:
    stage = presets()["jabar-2025-se-150-stage-2"].model_dump(mode="json", exclude_none=True)
    body = {"instrument": stage | {"rules": {**stage["rules"], "pattern": pattern}}}
    answer = await world.office.post(f"/policy/v1/{REGION}/instruments", world.office.issuer.token("sri"), body)
    assert (answer.status_code, "detail_en" in answer.json()["errors"][0]) == (422, True)


@pytest.mark.parametrize("cap", [10**20, 8785])
async def test_a_number_that_no_fact_can_carry_is_rejected(world: StoryEnvironment, cap: int) -> None:
    stage = presets()["jabar-2025-se-150-stage-2"].model_dump(mode="json", exclude_none=True)
    body = {"instrument": stage | {"rules": {"presence": {"offline_limit_hours": cap}}}}
    answer = await world.office.post(f"/policy/v1/{REGION}/instruments", world.office.issuer.token("sri"), body)
    assert answer.status_code == 422


async def test_every_instrument_of_the_nation_and_the_province_is_enacted_as_it_ships_and_conflicts_are_reported(
    world: StoryEnvironment,
) -> None:
    instruments = [i for i in presets().values() if i.government in {None, "32"}]
    for shipped in sorted(instruments, key=lambda instrument: instrument.published_on):
        body = {"instrument": shipped.model_dump(mode="json", exclude_none=True)}
        answer = await world.office.post(f"/policy/v1/{REGION}/instruments", world.office.issuer.token("sri"), body)
        assert answer.status_code in {200, 201}, answer.text
    conflicts = [(c["rule"], *c["instruments"], c.get("effect")) for c in (await effective(world))["conflicts"]]
    assert conflicts == [
        ("weekly_cap_days", "jabar-2023-wfa-permanent", "nasional-2025-permenpanrb-4", "WEEKLY_CAP_DAYS:2"),
        ("max_share", "jabar-2025-se-150-stage-2", "nasional-2025-permenpanrb-4", "WEEKLY_MEAN_SHARE:0.4"),
        ("hours", "ramadan-jabar-2026", "ramadan-national", "WEEK_HOURS:34.5"),
        ("pattern", "jabar-2026-se-188", "panrb-2026-around-lebaran", None),
        ("pattern", "jabar-2026-se-188", "nasional-2026-friday", None),
    ]


async def test_anybody_reads_the_rules_of_today_in_either_language(world: StoryEnvironment) -> None:
    world.set_clock(at("00:30", date(2025, 11, 6)))
    indonesian, english = [await world.office.http.get(PAGE, params={"lang": lang}) for lang in ("id", "en")]
    assert "DPMPTSP: Kamis di rumah menurut SE 150/KPG.03/BKD tahap I" in indonesian.text
    assert "DPMPTSP: Thursday at home under SE 150/KPG.03/BKD tahap I" in english.text
    assert (english.headers["content-language"], "unsafe" in english.headers["content-security-policy"]) == (
        "en",
        False,
    )


@pytest.mark.parametrize(("path", "status"), [(f"/aturan/{REGION}/BUKAN", 404), ("/aturan/jabar/BKD", 422)])
async def test_a_page_of_no_opd_is_a_problem(world: StoryEnvironment, path: str, status: int) -> None:
    answer = await world.office.http.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


async def test_the_documentation_lists_the_calendar(world: StoryEnvironment) -> None:
    assert "/policy/v1/{region}/holidays" in (await world.office.http.get("/policy/docs")).text
