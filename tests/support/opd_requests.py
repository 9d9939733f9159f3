"""Sends requests to the register of OPD."""

from collections.abc import Mapping
from typing import Any

import httpx

from tests.support.office_setup import REGION
from tests.support.story import StoryEnvironment

OPD_PATH = f"/policy/v1/{REGION}/opd"


async def post_opd(world: StoryEnvironment, path: str, body: Mapping[str, Any], user: str = "sri") -> httpx.Response:
    return await world.office.post(f"{OPD_PATH}{path}", world.office.issuer.token(user), body)


async def opd_register(world: StoryEnvironment) -> list[dict[str, Any]]:
    headers = {"authorization": f"Bearer {world.office.issuer.token('rahmat')}"}
    entries: list[dict[str, Any]] = (await world.office.http.get(OPD_PATH, headers=headers)).json()
    return entries
