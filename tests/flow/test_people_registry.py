"""Checks who is in the registry of people, and who may change an entry."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from deploy.local.token_issuer import AUDIENCE, ISSUER, Issuer
from services.roster.app import MIGRATIONS, assemble
from shared.event_store.database import Database
from shared.identity import Identity
from tests.support.example_facts import at

DEWI = {"name": "Dewi Contoh", "nip": "199001012015032001", "unit": "FRONT", "from": "2025-01-01"}
RENAMED = DEWI | {"name": "Orang Lain"}
AT_DPMPTSP, AT_BAPENDA = ("DPMPTSP", "Dewi Contoh"), ("BAPENDA", "Orang Lain")


class Registry:
    """The registry of two OPDs, used over HTTP."""

    def __init__(self, http: httpx.AsyncClient, issuer: Issuer, database: Database) -> None:
        self._http, self._issuer, self._database = http, issuer, database

    async def place(
        self,
        body: dict[str, Any],
        key: str,
        opd: str = "DPMPTSP",
        role: str = "SCHEDULER",
        path: str = "people",
        **headers: str,
    ) -> httpx.Response:
        token = self._issuer.sign("somebody", roles=[role], region="32", opd=opd)
        headers |= {"authorization": f"Bearer {token}", "idempotency-key": key}
        return await self._http.post(f"/roster/v1/32/opd/{opd}/{path}", json=body, headers=headers)

    async def place_together(self, *people: dict[str, Any], key: str = "together", **more: str) -> httpx.Response:
        return await self.place({"people": people}, key, path="people/batch", **more)

    async def event_count(self) -> int:
        ((count,),) = await self._database.read("SELECT count(*) FROM event")
        return int(count)

    async def registered_people(self) -> list[tuple[str, str]]:
        return [(opd, name) for opd, name in await self._database.read("SELECT opd, name FROM person ORDER BY nip")]


@pytest_asyncio.fixture
async def registry(database_url: str, tmp_path: Path) -> AsyncIterator[Registry]:
    issuer, database = Issuer(tmp_path, "demo"), Database(database_url)

    @asynccontextmanager
    async def tables(_: FastAPI) -> AsyncIterator[None]:
        await database.migrate(MIGRATIONS)
        yield

    identity = Identity.from_jwks(issuer.jwks(), ISSUER, AUDIENCE)
    app = assemble(database, identity, lambda: at("09:00"), tables)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://piket") as http:
            registry = Registry(http, issuer, database)
            assert (await registry.place(DEWI, "dewi-comes")).status_code == 201
            yield registry
    await database.close()


async def test_a_scheduler_of_another_opd_neither_takes_a_person_over_nor_renames_them(registry: Registry) -> None:
    answer = await registry.place(RENAMED, "bapenda-wants-her", "BAPENDA")
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:piket:problem:forbidden")
    assert ("DPMPTSP" in answer.text, await registry.registered_people()) == (False, [AT_DPMPTSP])


async def test_the_personnel_agency_moves_a_person_to_another_opd(registry: Registry) -> None:
    answer = await registry.place(RENAMED, "dewi-is-moved", "BAPENDA", "PERSONNEL")
    assert (answer.status_code, await registry.registered_people()) == (201, [AT_BAPENDA])


async def test_the_scheduler_corrects_a_name(registry: Registry) -> None:
    answer = await registry.place(RENAMED, "a-correction")
    assert (answer.status_code, await registry.registered_people()) == (200, [("DPMPTSP", "Orang Lain")])


@pytest.mark.parametrize(
    ("body", "key", "headers", "status"),
    [
        (RENAMED, "dewi-comes", {}, 422),
        (RENAMED, "a-stale-tab", {"if-match": '"0"'}, 412),
        (RENAMED | {"to": "2024-12-31"}, "ends-too-early", {}, 422),
    ],
    ids=["a key that comes again with another body", "a version that has moved on", "reversed dates"],
)
async def test_what_is_answered_as_not_stored_renames_nobody(
    registry: Registry, body: dict[str, Any], key: str, headers: dict[str, str], status: int
) -> None:
    answer = await registry.place(body, key, **headers)
    assert (answer.status_code, await registry.registered_people()) == (status, [AT_DPMPTSP])


async def test_a_placement_that_comes_again_after_a_correction_does_not_undo_it(registry: Registry) -> None:
    await registry.place(RENAMED, "a-correction")
    replay = await registry.place(DEWI, "dewi-comes")
    assert (replay.status_code, replay.headers["idempotency-replayed"]) == (201, "true")
    assert await registry.registered_people() == [("DPMPTSP", "Orang Lain")]


async def test_a_replay_is_answered_even_after_the_person_was_moved_away(registry: Registry) -> None:
    await registry.place(RENAMED, "dewi-is-moved", "BAPENDA", "PERSONNEL")
    replay = await registry.place(DEWI, "dewi-comes")
    assert (replay.status_code, await registry.registered_people()) == (201, [AT_BAPENDA])


async def test_a_person_enrolled_by_many_at_once_is_one_person(registry: Registry) -> None:
    new = DEWI | {"name": "Sari Contoh", "nip": "199001012015032002"}
    answers = await asyncio.gather(*(registry.place(new, f"sari-comes-{n}") for n in range(8)))
    assert {answer.status_code for answer in answers} <= {200, 201, 503}
    assert [answer.status_code for answer in answers].count(201) == 1
    assert await registry.registered_people() == [AT_DPMPTSP, ("DPMPTSP", "Sari Contoh")]


def newcomer(number: int, **more: Any) -> dict[str, Any]:
    return DEWI | {"name": f"Pegawai {number}", "nip": f"{199001012015033000 + number}"} | more


def errors_of(answer: httpx.Response) -> dict[str, str]:
    return {error["pointer"]: error["detail_en"] for error in answer.json()["errors"]}


async def test_a_table_of_people_is_placed_at_once_and_only_the_new_ones_are_published(registry: Registry) -> None:
    answer = await registry.place_together(DEWI, *map(newcomer, range(3)))
    assert (answer.status_code, len(answer.json()["events"]), len(await registry.registered_people())) == (201, 3, 4)


async def test_the_same_table_again_changes_nothing(registry: Registry) -> None:
    await registry.place_together(*map(newcomer, range(3)))
    repeated = await registry.place_together(*map(newcomer, range(3)), key="sent-again")
    assert (repeated.status_code, await registry.event_count()) == (200, 4)


async def test_two_thousand_people_fit_into_one_table(registry: Registry) -> None:
    answer = await registry.place_together(*map(newcomer, range(2000)))
    assert (answer.status_code, await registry.event_count()) == (201, 2001)


async def test_more_than_two_thousand_people_do_not(registry: Registry) -> None:
    answer = await registry.place_together(*map(newcomer, range(2001)))
    assert (answer.status_code, list(errors_of(answer)), await registry.event_count()) == (422, ["/people"], 1)


async def test_nobody_is_no_table(registry: Registry) -> None:
    assert (await registry.place_together()).status_code == 422


async def test_every_broken_row_is_named_and_none_is_stored(registry: Registry) -> None:
    rows = [newcomer(0), newcomer(1, nip="1990"), newcomer(2, unit="Loket Satu"), newcomer(3, kolom="lain")]
    answer = await registry.place_together(*rows)
    assert (answer.status_code, set(errors_of(answer))) == (422, {"/people/1/nip", "/people/2/unit", "/people/3/kolom"})
    assert (await registry.registered_people(), "1990" in answer.text) == ([AT_DPMPTSP], False)


async def test_every_row_whose_dates_are_reversed_is_named(registry: Registry) -> None:
    ends = {"to": "2024-12-31"}
    answer = await registry.place_together(newcomer(0, **ends), newcomer(1), newcomer(2, **ends))
    assert (answer.status_code, set(errors_of(answer))) == (422, {"/people/0/to", "/people/2/to"})
    assert (await registry.registered_people(), await registry.event_count()) == ([AT_DPMPTSP], 1)


async def test_a_nip_that_is_twice_in_a_table_is_pointed_at_each_time(registry: Registry) -> None:
    answer = await registry.place_together(newcomer(0), newcomer(1), newcomer(0, name="Orang Lain"), newcomer(0))
    assert errors_of(answer) == {f"/people/{row}/nip": "This NIP stands in /people/0 already." for row in (2, 3)}
    assert (answer.status_code, await registry.registered_people(), "1990" in answer.text) == (422, [AT_DPMPTSP], False)


async def test_a_table_with_somebody_of_another_opd_is_refused_whole(registry: Registry) -> None:
    answer = await registry.place_together(newcomer(0), RENAMED, opd="BAPENDA")
    assert (answer.status_code, "DPMPTSP" in answer.text) == (403, False)
    assert (await registry.registered_people(), await registry.event_count()) == ([AT_DPMPTSP], 1)


async def test_a_table_of_another_scheduler_is_refused(registry: Registry) -> None:
    answer = await registry.place_together(newcomer(0), role="EMPLOYEE")
    assert (answer.status_code, await registry.event_count()) == (403, 1)


@pytest.mark.parametrize(("path", "size"), [("people", 64), ("people/batch", 1024)])
async def test_a_body_beyond_the_limit_of_its_route_is_refused(registry: Registry, path: str, size: int) -> None:
    within = await registry.place(DEWI | {"name": "x" * (size - 1) * 1024}, "within", path=path)
    beyond = await registry.place(DEWI | {"name": "x" * size * 1024}, "beyond", path=path)
    assert (within.status_code, beyond.status_code, await registry.registered_people()) == (422, 413, [AT_DPMPTSP])
