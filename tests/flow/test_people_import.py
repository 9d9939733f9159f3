"""Checks the import of people of several OPD over HTTP: all of them, or nobody."""

from typing import Any

import httpx
import pytest

from tests.flow.test_policy_import import send
from tests.support.office_setup import REGION
from tests.support.register_sheets import FILE
from tests.support.story import StoryEnvironment
from tests.support.waiting import read_until

IMPORT = f"/roster/v1/{REGION}/people/import"
DEWI = {"opd": "DPMPTSP", "unit": "FRONT", "name": "Dewi Contoh", "nip": "199001012015032001", "from": "2025-01-01"}
SRI = {"opd": "BKD", "unit": "LOKET", "name": "Sri Contoh", "nip": "198002032005012002", "from": "2025-01-01"}


async def import_people(
    world: StoryEnvironment, *people: dict[str, Any], user: str = "sri", query: str = "", key: str = "impor-orang"
) -> httpx.Response:
    headers = {"authorization": f"Bearer {world.office.issuer.token(user)}", "idempotency-key": key}
    return await world.office.http.post(IMPORT + query, json={"people": people}, headers=headers)


async def with_bkd(world: StoryEnvironment) -> None:
    """Import the register of BKD, and wait until roster knows its units."""
    await send(world, FILE)
    await wait_for_unit_of(world, SRI)


async def wait_for_unit_of(world: StoryEnvironment, person: dict[str, Any]) -> None:
    """Wait until roster has received the unit of a person from policy."""

    async def rehearsal() -> httpx.Response:
        return await import_people(world, person, query="?dry_run=true")

    assert (await read_until(rehearsal, lambda answer: answer.status_code == 200)).is_success


async def names_of(world: StoryEnvironment, opd: str) -> list[str]:
    token = world.office.issuer.token("sri")
    path = f"/roster/v1/{REGION}/opd/{opd}/people"
    answer = await world.office.http.get(path, headers={"authorization": f"Bearer {token}"})
    return [person["name"] for person in answer.json()]


def errors_of(answer: httpx.Response) -> dict[str, str]:
    return {error["pointer"]: error["detail_en"] for error in answer.json()["errors"]}


async def test_people_of_two_opd_are_placed_together_and_again_without_effect(world: StoryEnvironment) -> None:
    await with_bkd(world)
    first, again = await import_people(world, DEWI, SRI), await import_people(world, DEWI, SRI, key="impor-lagi")
    assert (first.status_code, len(first.json()["events"]), again.status_code) == (201, 2, 200)
    assert (await names_of(world, "DPMPTSP"), await names_of(world, "BKD")) == (["Dewi Contoh"], ["Sri Contoh"])


async def test_of_a_table_with_one_wrong_row_nobody_is_placed(world: StoryEnvironment) -> None:
    await with_bkd(world)
    answer = await import_people(world, DEWI, SRI | {"to": "2024-12-31"})
    assert (answer.status_code, set(errors_of(answer))) == (422, {"/people/1/to"})
    assert await names_of(world, "DPMPTSP") == []


async def test_a_rehearsal_places_nobody(world: StoryEnvironment) -> None:
    await with_bkd(world)
    answer = await import_people(world, DEWI, SRI, query="?dry_run=true")
    assert (answer.status_code, len(answer.json()["events"]), await names_of(world, "BKD")) == (200, 2, [])


@pytest.mark.parametrize(
    ("row", "pointer", "says"),
    [
        ({"unit": "GUDANG"}, "/people/0/unit", "does not know unit GUDANG of OPD DPMPTSP"),
        ({"opd": "DISHUB"}, "/people/0/unit", "import the register first"),
        ({"nip": "199013012015032001"}, "/people/0/nip", "birth date"),
        ({"nip": "199001012015034001"}, "/people/0/nip", "15th digit"),
    ],
)
async def test_a_wrong_cell_is_named_without_the_nip(
    world: StoryEnvironment, row: dict[str, str], pointer: str, says: str
) -> None:
    await wait_for_unit_of(world, DEWI)
    answer = await import_people(world, DEWI | row)
    assert (answer.status_code, list(errors_of(answer)), row.get("nip", "-----") in answer.text) == (
        422, [pointer], False,
    )  # fmt: skip
    assert says in errors_of(answer)[pointer]


async def test_a_scheduler_imports_only_people_of_their_opd(world: StoryEnvironment) -> None:
    await with_bkd(world)
    answers = [
        await import_people(world, *rows, user="rahmat", key=f"rahmat-{len(rows)}") for rows in ([DEWI], [DEWI, SRI])
    ]
    assert [answer.status_code for answer in answers] == [201, 403]
    assert await names_of(world, "BKD") == []
