"""The course of an instrument over HTTP: drafted, enacted, dated, suspended, resumed, due; asked as of any instant."""

from collections.abc import AsyncIterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from services.policy.domain.presets.catalogue import preset, presets
from services.policy.scheduler import record_due
from shared.domain.facts.policy import PolicyChanged
from shared.event_store.store import Store
from tests.flow.in_process_deployment import InProcessDeployment, in_process_deployment
from tests.support.example_facts import at
from tests.support.office_setup import OPD, REGION
from tests.support.story import StoryEnvironment

HOME = f"/policy/v1/{REGION}"
SE_188, SE_150 = "jabar-2026-se-188", "jabar-2025-se-150-stage-1"
OCTOBER = date(2025, 10, 22)


@pytest_asyncio.fixture
async def here(tmp_path: Path) -> AsyncIterator[tuple[StoryEnvironment, InProcessDeployment]]:
    async with in_process_deployment(tmp_path) as (world, there):
        world.set_clock(at("09:00", OCTOBER))
        await world.office.register()
        yield world, there


@pytest.fixture
def world(here: tuple[StoryEnvironment, InProcessDeployment]) -> StoryEnvironment:
    return here[0]


@pytest.fixture
def store(here: tuple[StoryEnvironment, InProcessDeployment]) -> Store[Any]:
    return here[1].stores["policy"]


async def post(world: StoryEnvironment, path: str, body: Mapping[str, Any], **query: str) -> httpx.Response:
    where = f"{HOME}{path}" + ("?" + "&".join(f"{k}={v}" for k, v in query.items()) if query else "")
    return await world.office.post(where, world.office.issuer.token("sri"), body)


async def get(world: StoryEnvironment, path: str, **query: str) -> Any:
    headers = {"authorization": f"Bearer {world.office.issuer.token('sri')}"}
    answer = await world.office.http.get(f"{HOME}{path}", params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def enact(world: StoryEnvironment, name: str, **query: str) -> httpx.Response:
    body = {"instrument": preset(name).model_dump(mode="json", exclude_none=True)}
    return await post(world, "/instruments", body, **query)


async def answered(world: StoryEnvironment, day: str, **more: str) -> str:
    found: str = (await get(world, f"/opd/{OPD}/effective", date=day, **{"class": "NON_SERVICE"}, **more))["answer"]
    return found


def turn(day: date) -> dict[str, str]:
    return dict.fromkeys(("decided_on", "published_on", "effective_from"), str(day))


async def test_a_thursday_is_answered_with_its_reason_and_the_chain_that_led_to_it(world: StoryEnvironment) -> None:
    explanation = await get(world, f"/opd/{OPD}/explain", date="2025-11-06")
    assert "Hari WFH: Kamis (SE 150/KPG.03/BKD tahap I)." in explanation["because"]["id"]
    assert [step["rule"] for step in explanation["chain"] if step["binds"]] == ["pattern"]


async def test_a_unit_is_answered_by_its_own_class_and_site(world: StoryEnvironment) -> None:
    assert (await get(world, f"/opd/{OPD}/effective", date="2025-11-06", unit="FRONT"))["answer"] == "WFO"


@pytest.mark.parametrize("query", [{"unit": "NOWHERE"}, {}], ids=["no such unit", "no such OPD"])
async def test_who_is_not_in_the_register_is_not_answered(world: StoryEnvironment, query: Mapping[str, str]) -> None:
    headers = {"authorization": f"Bearer {world.office.issuer.token('sri')}"}
    path = f"{HOME}/opd/{OPD if query else 'NOBODY'}/effective"
    answer = await world.office.http.get(path, params={"date": "2025-11-06", **query}, headers=headers)
    assert answer.status_code == 404


@pytest.mark.parametrize("day", ["2025-13-01", "9999-01-01", "kemarin"])
async def test_a_date_that_is_none_is_named(world: StoryEnvironment, day: str) -> None:
    headers = {"authorization": f"Bearer {world.office.issuer.token('sri')}"}
    answer = await world.office.http.get(f"{HOME}/opd/{OPD}/effective", params={"date": day}, headers=headers)
    assert (answer.status_code, "date" in answer.text) == (422, True)


async def test_what_was_not_on_record_yet_did_not_bind(world: StoryEnvironment) -> None:
    world.set_clock(at("09:00", date(2025, 12, 20)))
    await enact(world, "jabar-2025-se-150-stage-2")
    await enact(world, SE_188)
    known = [await answered(world, "2026-01-08", known_by=f"2025-12-20T{hour}:00:00Z") for hour in ("01", "03")]
    assert known == ["WFO", "WFH"]


async def test_a_counter_that_does_not_open_on_a_sunday_is_not_on_duty(world: StoryEnvironment) -> None:
    assert (await get(world, f"/opd/{OPD}/effective", date="2025-11-09", unit="FRONT"))["answer"] == "HOLIDAY"


async def test_a_position_is_read_by_its_other_names_and_an_unknown_one_is_rejected(world: StoryEnvironment) -> None:
    headers = {"authorization": f"Bearer {world.office.issuer.token('sri')}"}
    query = {"date": "2025-11-06", "class": "NON_SERVICE"}
    answers = [
        await world.office.http.get(f"{HOME}/opd/{OPD}/effective", params={**query, "position": name}, headers=headers)
        for name in ("Kepala Dinas", "KEPALA-SUKU")
    ]
    (fault,) = answers[1].json()["errors"]
    assert [answer.status_code for answer in answers] == [200, 422]
    assert (fault["parameter"], "pilih JPT_UTAMA" in fault["detail"]) == ("position", True)


async def test_a_dry_run_lists_every_day_that_would_change_and_stores_nothing(
    world: StoryEnvironment, store: Store[Any]
) -> None:
    before = await store.head(REGION)
    dry = (await enact(world, "jabar-2025-se-150-stage-2", dry_run="true")).json()
    (days,) = dry["days"]
    assert (days["opd"], days["from"], days["to"], days["rules"]["max_share"]) == (
        OPD, "2025-12-02", "2025-12-31", [None, 0.5],
    )  # fmt: skip
    assert [event["type"].split(".")[3] for event in dry["events"]] == ["instrument-enacted", "policy-changed"]
    assert await store.head(REGION) == before


async def test_a_suspended_circular_binds_nobody_until_it_is_resumed(world: StoryEnvironment) -> None:
    await post(world, f"/instruments/{SE_150}/suspension", turn(date(2025, 11, 10)))
    await post(world, f"/instruments/{SE_150}/resumption", turn(date(2025, 11, 24)))
    days = ("2025-11-06", "2025-11-13", "2025-11-20", "2025-11-27")
    assert [await answered(world, day) for day in days] == ["WFH", "WFO", "WFO", "WFH"]


async def test_what_is_due_is_recorded_on_its_day_once_and_published_to_the_opd(
    world: StoryEnvironment, store: Store[Any]
) -> None:
    await post(world, f"/instruments/{SE_150}/suspension", turn(date(2025, 11, 10)))
    recorded = []
    for day in (OCTOBER, date(2025, 11, 5), date(2025, 11, 5), date(2025, 11, 9), date(2025, 11, 10)):
        world.set_clock(at("00:05", day))
        recorded.append(await record_due(store, lambda day=day: at("00:05", day)))  # type: ignore[misc]
    events = await store.read_stream(f"policy/{REGION}/{OPD}")
    changes = [e.data for e in events if isinstance(e.data, PolicyChanged)][-2:]
    assert recorded == [0, 1, 0, 0, 1]
    assert [(p.change.kind, p.change.effective_from) for p in changes] == [
        ("IN_FORCE", date(2025, 11, 5)), ("SUSPENDED", date(2025, 11, 10)),
    ]  # fmt: skip


async def test_the_states_of_every_instrument_are_listed(world: StoryEnvironment) -> None:
    study = preset(SE_188).model_copy(update={"instrument": "jabar-2026-kajian"})
    await post(world, "/drafts", {"instrument": study.model_dump(mode="json", exclude_none=True), "stage": "STUDY"})
    found = await get(world, "/instruments", on="2025-12-01")
    assert {each["instrument"]["instrument"]: each["state"] for each in found} == {
        SE_150: "EXPIRED", "jabar-2026-kajian": "STUDY",
    }  # fmt: skip


async def test_two_instants_differ_by_what_was_recorded_between_them(world: StoryEnvironment) -> None:
    world.set_clock(at("09:00", date(2025, 11, 3)))
    await enact(world, "jabar-2025-se-150-stage-2")
    before = "2025-11-03T01:00:00Z"
    (day,) = await get(world, f"/opd/{OPD}/diff", before=before)
    assert (day["from"], day["to"], day["rules"]["pattern"]) == ("2025-12-02", "2025-12-31", [None, {"groups": 2}])


async def test_fridays_are_only_for_the_opd_whose_application_was_approved(world: StoryEnvironment) -> None:
    world.set_clock(at("09:00", date(2025, 12, 20)))
    await enact(world, "jabar-2025-se-150-stage-2")
    await enact(world, SE_188)
    body = {**turn(date(2026, 2, 6)), "opd": OPD, "weekdays": ["FRI"], "by": "KEPALA_BKD"}
    granted = await post(world, f"/instruments/{SE_188}/days", body)
    assert granted.status_code == 201, granted.text
    days = ("2026-01-30", "2026-02-05", "2026-02-06")
    assert [await answered(world, day) for day in days] == ["WFO", "WFH", "WFH"]


async def test_an_amendment_says_something_else_from_its_date_on(world: StoryEnvironment) -> None:
    amended = preset(SE_150).model_dump(mode="json", exclude_none=True)
    amended |= {"effective_from": "2025-11-14", "decided_on": "2025-10-22", "published_on": "2025-10-22"}
    amended["rules"] = {**amended["rules"], "pattern": {"weekdays": ["WED"]}, "sites": []}
    answer = await post(world, f"/instruments/{SE_150}/amendment", {"instrument": amended})
    assert answer.status_code == 201, answer.text
    days = ("2025-11-13", "2025-11-19", "2025-11-20")
    assert [await answered(world, day) for day in days] == ["WFH", "WFH", "WFO"]


async def test_an_amendment_changes_nothing_before_its_date_whatever_site_began_earlier(
    world: StoryEnvironment,
) -> None:
    amended = preset(SE_150).model_dump(mode="json", exclude_none=True)
    amended["effective_from"] = "2025-11-14"
    amended["rules"] = {**amended["rules"], "pattern": {"weekdays": ["WED"]}}
    answer = await post(world, f"/instruments/{SE_150}/amendment", {"instrument": amended})
    assert answer.status_code == 201, answer.text
    days = ("2025-11-06", "2025-11-12", "2025-11-13", "2025-11-19", "2025-11-20")
    assert [await answered(world, day) for day in days] == ["WFH", "WFO", "WFH", "WFH", "WFO"]


async def test_an_amendment_of_another_name_than_its_address_is_rejected(world: StoryEnvironment) -> None:
    body = {"instrument": preset(SE_188).model_dump(mode="json", exclude_none=True)}
    assert (await post(world, f"/instruments/{SE_150}/amendment", body)).status_code == 422


async def test_a_recommendation_is_declined_on_record_and_no_rule_changes(
    world: StoryEnvironment, store: Store[Any]
) -> None:
    day = {"decided_on": "2025-10-22", "published_on": "2025-10-22"}
    body = {"recommendation": {"region": "31", "instrument": "dki-2026-friday"}, **day}
    answer = await post(world, "/recommendations/refusal", body)
    assert [event["type"].split(".")[3] for event in answer.json()["events"]] == ["instrument-declined"]


async def test_a_cuti_bersama_declared_on_a_home_day_takes_it_away_and_moves_it_nowhere(
    world: StoryEnvironment,
) -> None:
    day = {"date": "2025-11-13", "kind": "cuti_bersama", "name": "Cuti Bersama Contoh", "source": "SKB contoh"}
    before = [await answered(world, f"2025-11-{number}") for number in (12, 13, 14)]
    await post(world, "/holidays", {"holidays": [day]})
    after = [await answered(world, f"2025-11-{number}") for number in (12, 13, 14)]
    assert (before, after) == (["WFO", "WFH", "WFO"], ["WFO", "HOLIDAY", "WFO"])


async def test_a_branch_of_the_province_inside_bandung_follows_the_province(world: StoryEnvironment) -> None:
    bandung = {"site": "CABANG-BANDUNG", "lat": -6.9147, "lng": 107.6098, "radius_m": 100, "timezone": "Asia/Jakarta"}
    branch = {"unit": "CABANG", "name": "Cabang Kota Bandung", "class": "NON_SERVICE", "site": bandung}
    arranged = await post(world, f"/opd/{OPD}/units", {**branch, "valid_from": "2025-01-01"})
    assert arranged.status_code == 201, arranged.text
    found = await get(world, f"/opd/{OPD}/effective", date="2025-11-06", unit="CABANG")
    assert (found["answer"], found["won_by"]["pattern"], found["class"]) == ("WFH", SE_150, "NON_SERVICE")
    assert not [name for name in presets() if presets()[name].government == "3273" and name in found["won_by"].values()]


async def test_a_unit_is_answered_as_it_is_arranged_on_the_day_that_is_asked(world: StoryEnvironment) -> None:
    site = {"site": "DPMPTSP-1", "lat": -6.9, "lng": 107.6, "radius_m": 100, "timezone": "Asia/Jakarta"}
    unit = {"unit": "FRONT", "name": "Front Office", "site": site, "class": "NON_SERVICE", "valid_from": "2025-11-10"}
    assert (await post(world, f"/opd/{OPD}/units", unit)).status_code == 201
    found = [await get(world, f"/opd/{OPD}/effective", date=f"2025-11-{day}", unit="FRONT") for day in ("06", "13")]
    assert [(each["class"], each["answer"]) for each in found] == [("DIRECT", "WFO"), ("NON_SERVICE", "WFH")]


async def test_who_is_no_more_is_answered_until_his_end(world: StoryEnvironment) -> None:
    await post(world, "/opd", {"opd": "DISPERINDAG", "name": "Dinas Perindustrian", "on": "2020-01-01"})
    merged = await post(world, f"/opd/{OPD}/merger", {"into": "DISPERINDAG", "on": "2025-11-10"})
    assert merged.status_code == 201, merged.text
    headers = {"authorization": f"Bearer {world.office.issuer.token('sri')}"}
    path = f"{HOME}/opd/{OPD}/effective"
    answers = [
        await world.office.http.get(path, params={"date": f"2025-11-{day}"}, headers=headers) for day in ("06", "13")
    ]
    assert [answer.status_code for answer in answers] == [200, 404]
