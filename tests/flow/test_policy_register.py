"""Checks mergers, splits and arrangements in the register of OPD over HTTP."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.office_setup import OPD
from tests.support.opd_requests import opd_register, post_opd
from tests.support.story import StoryEnvironment


async def test_the_register_shows_what_became_of_a_merged_agency(world: StoryEnvironment) -> None:
    await post_opd(world, "", {"opd": "BP2D", "name": "Badan Penelitian", "on": "2025-01-01"})
    answer = await post_opd(world, "/BP2D/merger", {"into": OPD, "on": "2026-01-01"})
    assert (answer.status_code, {opd["opd"]: opd["became"] for opd in await opd_register(world)}) == (
        201, {"BP2D": {"how": "MERGED", "into": [OPD], "on": "2026-01-01"}, OPD: None},
    )  # fmt: skip


async def test_an_agency_is_split_over_http(world: StoryEnvironment) -> None:
    for opd in ("DISPORA", "DISPARBUD"):
        await post_opd(world, "", {"opd": opd, "name": f"Dinas {opd}", "on": "2025-01-01"})
    body = {"into": [OPD, "DISPARBUD"], "on": "2026-01-01"}
    assert [(await post_opd(world, "/DISPORA/split", body)).status_code for _ in range(2)] == [201, 200]


@pytest.mark.parametrize(
    ("path", "body", "user", "status"),
    [
        (f"/{OPD}/merger", {"into": OPD, "on": "2026-01-01"}, "sri", 422),
        (f"/{OPD}/merger", {"into": "BKD", "on": "9999-01-01"}, "sri", 422),
        (f"/{OPD}/split", {"into": ["BKD"], "on": "2026-01-01"}, "sri", 422),
        (f"/{OPD}/merger", {"into": "BKD", "on": "2026-01-01"}, "rahmat", 403),
    ],
)
async def test_an_end_is_rejected(
    world: StoryEnvironment, path: str, body: Mapping[str, Any], user: str, status: int
) -> None:
    answer = await post_opd(world, path, body, user)
    assert (answer.status_code, [opd["became"] for opd in await opd_register(world)]) == (status, [None])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/BP2D/merger", {"into": OPD, "on": "2026-01-01"}),
        ("/BP2D/split", {"into": [OPD, "DISPORA"], "on": "2026-01-01"}),
    ],
)
async def test_a_rehearsed_end_lists_every_day_without_the_agency(
    world: StoryEnvironment, path: str, body: Mapping[str, Any]
) -> None:
    for opd in ("BP2D", "DISPORA"):
        await post_opd(world, "", {"opd": opd, "name": f"Badan {opd}", "on": "2025-01-01"})
    dry = (await post_opd(world, f"{path}?dry_run=true", body)).json()
    end = dry["days"][0]
    assert (end["opd"], end["from"], end["to"], OPD in end["rules"]["into"][1]) == (
        "BP2D",
        "2026-01-01",
        None,
        True,
    )
    assert all(opd["became"] is None for opd in await opd_register(world))


async def test_a_rehearsed_class_of_a_unit_lists_the_days_on_which_it_differs(world: StoryEnvironment) -> None:
    body = {
        "unit": "FRONT", "name": "Front Office", "class": "NON_SERVICE", "valid_from": "2026-01-01",
        "site": {"site": "DPMPTSP-1", "lat": -6.9218, "lng": 107.6072, "radius_m": 100, "timezone": "Asia/Jakarta"},
    }  # fmt: skip
    (day,) = (await post_opd(world, f"/{OPD}/units?dry_run=true", body)).json()["days"]
    assert (day["unit"], day["from"], day["rules"]["class"]) == ("FRONT", "2026-01-01", ["DIRECT", "NON_SERVICE"])
