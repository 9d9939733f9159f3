"""Sets up one example office through the HTTP APIs: register, instrument, units, people and rosters."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx

from deploy.local.token_issuer import Tokens
from services.policy.domain.presets.catalogue import preset
from tests.support.waiting import read_until

OFFICE: Mapping[str, Any] = json.loads(Path(__file__).with_name("office_setup.json").read_text())
STAGE_1 = preset("jabar-2025-se-150-stage-1").model_dump(mode="json", exclude_none=True, exclude_defaults=True)
REGION, OPD = OFFICE["region"], OFFICE["opd"]["opd"]


@dataclass
class Office:
    """Sends the requests of the office's people, with their token and a new idempotency key."""

    http: httpx.AsyncClient
    issuer: Tokens
    people: dict[str, UUID] = field(default_factory=dict)
    _keys: Iterator[int] = field(default_factory=count)
    units: Sequence[Mapping[str, Any]] = tuple(OFFICE["units"])

    def token(self, name: str) -> str:
        """Return the token of an employee of this office, who must be enrolled."""
        employee = str(self.people[name])
        return self.issuer.sign(employee, roles=["EMPLOYEE"], region=REGION, opd=OPD, employee=employee)

    async def post(self, path: str, token: str, body: Mapping[str, Any] | None = None, key: str = "") -> httpx.Response:
        """Send a POST request with a token."""
        headers = {"authorization": f"Bearer {token}", "idempotency-key": key or f"office-{next(self._keys):06d}"}
        return await self.http.post(path, json=body, headers=headers)

    async def prepare(self, *work_dates: date) -> str:
        """Register the office, enact SE 150 stage I, arrange units, enrol people, and plan rosters for these dates.

        Return the position of the last roster.
        """
        await self.register()
        await self.enrol_people()
        return [await self.plan_day(day) for day in work_dates][-1]

    async def register(self) -> None:
        """Open the OPD, enact the circular and arrange the units, as the personnel agency."""
        official = self.issuer.token("sri")
        require_success(await self.post(f"/policy/v1/{REGION}/opd", official, OFFICE["opd"]))
        require_success(await self.post(f"/policy/v1/{REGION}/instruments", official, {"instrument": STAGE_1}))
        for unit in self.units:
            body = {**unit, "site": OFFICE["site"], "valid_from": "2025-01-01"}
            require_success(await self.post(f"/policy/v1/{REGION}/opd/{OPD}/units", official, body))

    async def enrol_people(self) -> None:
        """Enrol the people as the scheduler, and read their random ids from the registry."""
        scheduler = self.issuer.token("rahmat")
        for person in OFFICE["people"]:
            body = {**person, "from": "2025-01-01"}
            require_success(await self.post(f"/roster/v1/{REGION}/opd/{OPD}/people", scheduler, body))
        headers = {"authorization": f"Bearer {scheduler}"}
        rows = (await self.http.get(f"/roster/v1/{REGION}/opd/{OPD}/people", headers=headers)).json()
        self.people = {person["name"].split()[0]: UUID(person["employee"]) for person in rows}

    async def plan_day(self, day: date) -> str:
        """Plan the day of each unit as soon as roster has received its arrangement; return the position."""
        for unit in self.units:
            path = f"/roster/v1/{REGION}/opd/{OPD}/units/{unit['unit']}/days/{day}"
            answer = await self.post_until_accepted(path, self.issuer.token("rahmat"))
        return str(answer.headers.get("piket-position", f"roster/{REGION}/0"))

    async def post_until_accepted(self, path: str, token: str) -> httpx.Response:
        """Send a POST request again while it is unprocessable: roster may not have received the arrangement yet."""
        post, unprocessable = partial(self.post, path, token), httpx.codes.UNPROCESSABLE_ENTITY
        return require_success(await read_until(post, lambda answer: answer.status_code != unprocessable, every=0.1))

    async def tap(self, name: str, kind: str = "check-ins", **fields: Any) -> httpx.Response:
        """Send a tap of a person of this office, on site by default."""
        return await self.post(f"/attendance/v1/{REGION}/{kind}", self.token(name), on_site_body(**fields))


def on_site_body(**fields: Any) -> Mapping[str, Any]:
    """Return the body of a tap inside the geofence."""
    evidence = {"kind": "GEOFENCE", "accuracy_m": 12, "distance_class": "INSIDE"}
    place = {"class": "SITE", "site": OFFICE["site"]["site"]}
    return {"client_id": str(uuid4()), "place": place, "evidence": evidence, **fields}


def require_success(answer: httpx.Response) -> httpx.Response:
    """Return the answer. Raise RuntimeError with the problem if it is an error."""
    if answer.is_error:
        raise RuntimeError(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text}")
    return answer
