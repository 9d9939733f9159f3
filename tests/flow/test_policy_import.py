"""Checks the import of register files over HTTP."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from tests.support.office_setup import OPD, REGION
from tests.support.opd_requests import opd_register, post_opd
from tests.support.register_sheets import BKD, FILE, OFFICE, csv_of, grid, workbook
from tests.support.story import StoryEnvironment

IMPORT = f"/policy/v1/{REGION}/register/import"


CSV, XLSX = "text/csv; charset=utf-8", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def send(
    world: StoryEnvironment,
    content: bytes,
    key: str = "impor-pertama",
    kind: str = CSV,
    user: str = "sri",
    query: str = "",
) -> httpx.Response:
    token = world.office.issuer.token(user)
    headers = {"authorization": f"Bearer {token}", "idempotency-key": key, "content-type": kind}
    return await world.office.http.post(IMPORT + query, content=content, headers=headers)


def summary_of(answer: httpx.Response) -> tuple[Any, ...]:
    body = answer.json()
    names = ("opd_new", "units_new", "units_changed", "units_unchanged")
    return answer.status_code, *(body[name] for name in names)


async def test_a_file_is_imported_over_http_and_again_without_effect(world: StoryEnvironment) -> None:
    units = ["BKD/SEKRETARIAT", "BKD/LOKET"]
    answers = [await send(world, FILE, key) for key in ("impor-pertama", "impor-pertama", "impor-kedua")]
    assert [summary_of(answer) for answer in answers] == [
        (201, ["BKD"], units, [], 0), (201, ["BKD"], units, [], 0), (200, [], [], [], 2),
    ]  # fmt: skip
    assert answers[1].headers["idempotency-replayed"] == "true"


async def test_a_key_used_for_one_file_is_not_used_for_another(world: StoryEnvironment) -> None:
    await send(world, FILE)
    assert (await send(world, FILE + b"\r\n")).status_code == 422


async def test_a_rehearsal_lists_what_would_change_and_stores_nothing(world: StoryEnvironment) -> None:
    dry = await send(world, FILE, query="?dry_run=true")
    assert (summary_of(dry), [opd["opd"] for opd in await opd_register(world)]) == (
        (200, ["BKD"], ["BKD/SEKRETARIAT", "BKD/LOKET"], [], 0), [OPD],
    )  # fmt: skip


async def test_a_rehearsal_lists_every_event_and_every_day_that_would_change(world: StoryEnvironment) -> None:
    dry = (await send(world, FILE, query="?dry_run=true")).json()
    kinds = [event["subject"].split("/")[0] for event in dry["events"]]
    days = [(day["opd"], day.get("unit"), sorted(day["rules"])) for day in dry["days"] if day.get("unit")]
    assert (dry["dry_run"], kinds.count("policy"), kinds.count("arrangement")) == (True, 2, 2)
    assert days == [("BKD", unit, ["class", "kinds", "posts", "site"]) for unit in ("SEKRETARIAT", "LOKET")]


async def test_a_workbook_changes_one_unit_and_leaves_the_other(world: StoryEnvironment) -> None:
    await send(world, FILE)
    changed = workbook(grid(BKD, {**BKD, "unit": "LOKET", "kelas": "DIRECT"}))
    answers = [await send(world, changed, "impor-kedua", XLSX, query=query) for query in ("?dry_run=true", "")]
    assert [summary_of(answer) for answer in answers] == [
        (200, [], [], ["BKD/LOKET"], 1),
        (201, [], [], ["BKD/LOKET"], 1),
    ]


WRONG: Mapping[str, tuple[bytes, str]] = {
    "a cell": (csv_of(grid(BKD, {**BKD, "unit": "LOKET", "kelas": "VIP"})).encode(), "/rows/3/kelas"),
    "an agency without a name": (csv_of(grid({**BKD, "nama_opd": ""})).encode(), "/rows/2/nama_opd"),
    "an agency without a date": (
        csv_of(grid(dict.fromkeys(BKD, "") | {"opd": "BKD", "nama_opd": "Badan"})).encode(), "/rows/2/opd_sejak",
    ),
    "another name than the register's": (csv_of(grid({**OFFICE, "nama_opd": "Dinas X"})).encode(), "/rows/2/nama_opd"),
    "another date than the register's": (
        csv_of(grid({**OFFICE, "nama_opd": "", "opd_sejak": "2001-01-01"})).encode(), "/rows/2/opd_sejak",
    ),
    "an end before the begin": (
        csv_of(grid({**BKD, "berlaku_sampai": "2024-12-31"})).encode(), "/rows/2/berlaku_sampai",
    ),
    "no workbook": (b"PK", ""),
}  # fmt: skip


@pytest.mark.parametrize(("content", "pointer"), WRONG.values(), ids=WRONG.keys())
async def test_of_a_file_with_one_fault_nothing_is_stored(
    world: StoryEnvironment, content: bytes, pointer: str
) -> None:
    answer = await send(world, content, kind=CSV if pointer else XLSX)
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["pointer"], error["detail"] != error["detail_en"]) == (422, pointer, True)
    assert [opd["opd"] for opd in await opd_register(world)] == [OPD]


@pytest.mark.parametrize(
    ("kind", "user", "size", "status"),
    [
        ("application/json", "sri", 0, 422),
        ("", "sri", 0, 422),
        (CSV, "rahmat", 0, 403),
        (CSV, "sri", 11 * 1024 * 1024, 413),
    ],
)
async def test_an_import_is_rejected(world: StoryEnvironment, kind: str, user: str, size: int, status: int) -> None:
    answer = await send(world, FILE + b" " * size, kind=kind, user=user)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


async def test_no_unit_of_a_merged_agency_is_imported_from_its_end_on(world: StoryEnvironment) -> None:
    await send(world, FILE)
    await post_opd(world, "/BKD/merger", {"into": OPD, "on": "2026-01-01"})
    late = csv_of(grid({**BKD, "unit": "BARU", "berlaku_dari": "2026-01-01"})).encode()
    answers = [await send(world, content, f"impor-{n:06}") for n, content in enumerate((FILE, late))]
    assert [answer.status_code for answer in answers] == [200, 422]
    assert answers[1].json()["errors"][0]["pointer"] == "/rows/2/berlaku_dari"
