"""Plans a week of an agency over HTTP: only by its scheduler, all units or none, and reads it in one response."""

from collections.abc import AsyncIterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import pytest_asyncio

from tests.flow.in_process_deployment import InProcessDeployment, in_process_deployment
from tests.support.office_setup import OPD, REGION, Office

HERE = f"/roster/v1/{REGION}/opd/{OPD}"
THURSDAY, FRIDAY = "2025-11-06", "2025-11-07"
UNKNOWN_EMPLOYEE = "2b1c8f0e-9d34-4a51-8f0e-6f4d2c1b7a90"


class Agency(NamedTuple):
    """DPMPTSP with its units and people, and the deployment that serves it."""

    office: Office
    deployment: InProcessDeployment

    async def post(self, path: str, body: Mapping[str, Any] | None = None, who: str = "rahmat") -> httpx.Response:
        return await self.office.post(f"{HERE}/{path}", self.office.issuer.token(who), body)

    async def read(self, path: str, who: str = "rahmat") -> httpx.Response:
        headers = {"authorization": f"Bearer {self.office.issuer.token(who)}"}
        return await self.office.http.get(f"{HERE}/{path}", headers=headers)

    async def source_position(self) -> int:
        return await self.deployment.stores["roster"].head(REGION)


@pytest_asyncio.fixture
async def agency(tmp_path: Path) -> AsyncIterator[Agency]:
    async with in_process_deployment(tmp_path) as (world, deployment):
        await world.office.register()
        await world.office.enrol_people()
        await deployment.catch_up()
        yield Agency(world.office, deployment)


def pointers(answer: httpx.Response) -> list[str]:
    problem = answer.json()
    assert all(error["detail"] != error["detail_en"] for error in problem["errors"])
    return [error["pointer"] for error in problem["errors"]]


async def test_all_units_are_planned_for_two_days_in_one_answer(agency: Agency) -> None:
    answer = await agency.post("plans", {"dates": [THURSDAY, FRIDAY]})
    assert (answer.status_code, len(answer.json()["events"])) == (201, 6)


async def test_the_same_plan_again_changes_nothing(agency: Agency) -> None:
    await agency.post("plans", {"dates": [THURSDAY, FRIDAY]})
    repeated = await agency.post("plans", {"dates": [FRIDAY, THURSDAY, THURSDAY], "units": None})
    assert (repeated.status_code, repeated.json()["events"]) == (200, [])


async def test_the_day_of_a_unit_is_the_same_whether_it_is_planned_alone_or_with_all(agency: Agency) -> None:
    await agency.post("plans", {"dates": [THURSDAY], "units": ["FRONT"]})
    assert (await agency.post(f"units/FRONT/days/{THURSDAY}")).status_code == 200


async def test_the_rosters_of_all_units_on_a_date_are_read_at_once(agency: Agency) -> None:
    await agency.post("plans", {"dates": [THURSDAY, FRIDAY]})
    rosters = (await agency.read(f"days/{THURSDAY}")).json()
    assert [(r["unit"], r["work_date"]) for r in rosters] == [(u, THURSDAY) for u in ("FRONT", "POSKO", "SEKRETARIAT")]


async def test_a_date_that_nobody_planned_has_no_rosters(agency: Agency) -> None:
    answer = await agency.read(f"days/{THURSDAY}")
    assert (answer.status_code, answer.json()) == (200, [])


async def test_who_may_not_read_rosters_reads_none(agency: Agency) -> None:
    assert (await agency.read(f"days/{THURSDAY}", "agus")).status_code == 403


PLANS: Mapping[str, tuple[dict[str, Any], str]] = {
    "no date": ({"dates": []}, "/dates"),
    "fifteen dates": ({"dates": [f"2025-12-{day:02d}" for day in range(1, 16)]}, "/dates"),
    "a date that does not exist": ({"dates": [THURSDAY, "2025-02-30"]}, "/dates/1"),
    "no unit": ({"dates": [THURSDAY], "units": []}, "/units"),
    "a unit that is no code": ({"dates": [THURSDAY], "units": ["loket satu"]}, "/units/0"),
    "a unit that nobody arranged": ({"dates": [THURSDAY], "units": ["FRONT", "GUDANG"]}, "/units/1"),
    "a field that does not exist": ({"dates": [THURSDAY], "unit": "FRONT"}, "/unit"),
}


@pytest.mark.parametrize(("body", "pointer"), PLANS.values(), ids=PLANS.keys())
async def test_a_plan_with(agency: Agency, body: dict[str, Any], pointer: str) -> None:
    before = await agency.source_position()
    answer = await agency.post("plans", body)
    assert (answer.status_code, pointers(answer)[0], await agency.source_position()) == (422, pointer, before)


async def test_who_may_not_plan_plans_nothing(agency: Agency) -> None:
    assert (await agency.post("plans", {"dates": [THURSDAY]}, "sri")).status_code == 403


def leave(agency: Agency, **more: Any) -> dict[str, Any]:
    employee = str(agency.office.people["Dewi"])
    return {"employee": employee, "kind": "LEAVE", "from": THURSDAY, "to": THURSDAY, **more}


async def front_roster(agency: Agency) -> tuple[str, dict[str, str]]:
    roster = (await agency.read(f"units/FRONT/days/{THURSDAY}")).json()
    names = {str(employee): name for name, employee in agency.office.people.items()}
    return roster["cause"], {names[a["employee"]]: a["mode"] for a in roster["assignments"]}


async def test_leave_amends_one_unit_and_says_so(agency: Agency) -> None:
    await agency.post("plans", {"dates": [THURSDAY, FRIDAY]})
    assert (await agency.post("absences", leave(agency))).status_code == 201
    answer = await agency.post("plans", {"dates": [THURSDAY, FRIDAY]})
    assert [event["subject"] for event in answer.json()["events"]] == [f"roster/{REGION}/{OPD}/2025-W45/FRONT"]
    assert await front_roster(agency) == ("ABSENCE", {"Dewi": "OFF", "Asep": "WFO", "Rina": "WFO", "Yudi": "WFO"})


async def test_leave_that_was_withdrawn_brings_the_person_back(agency: Agency) -> None:
    await agency.post("absences", leave(agency, kind="TRAVEL"))
    await agency.post("plans", {"dates": [THURSDAY]})
    assert (await front_roster(agency))[1]["Dewi"] == "AWAY"
    await agency.post("absences", leave(agency, kind="TRAVEL", withdrawn=True))
    await agency.post("plans", {"dates": [THURSDAY]})
    cause, modes = await front_roster(agency)
    assert (cause, modes["Dewi"]) == ("ABSENCE", "WFO")


async def test_the_same_leave_again_changes_nothing(agency: Agency) -> None:
    await agency.post("absences", leave(agency))
    assert (await agency.post("absences", leave(agency))).status_code == 200


ABSENCES: Mapping[str, tuple[dict[str, Any], str]] = {
    "reversed dates": ({"to": str(date(2025, 11, 5))}, "/to"),
    "an unknown employee": ({"employee": UNKNOWN_EMPLOYEE}, "/employee"),
    "a cause that is none": ({"kind": "FLU"}, "/kind"),
    "an id that is none": ({"employee": "Dewi"}, "/employee"),
    "a reason in words": ({"reason": "demam"}, "/reason"),
}


@pytest.mark.parametrize(("more", "pointer"), ABSENCES.values(), ids=ABSENCES.keys())
async def test_an_absence_with(agency: Agency, more: dict[str, Any], pointer: str) -> None:
    before = await agency.source_position()
    answer = await agency.post("absences", leave(agency, **more))
    assert (answer.status_code, pointers(answer), await agency.source_position()) == (422, [pointer], before)


async def test_who_may_not_plan_declares_no_absence(agency: Agency) -> None:
    assert (await agency.post("absences", leave(agency), "sri")).status_code == 403


async def test_coverage_does_not_mind_an_absence(agency: Agency) -> None:
    await agency.post("plans", {"dates": [THURSDAY]})
    await agency.post("absences", leave(agency))
    await agency.deployment.catch_up()
    assert agency.deployment.dead_letters == []
