"""One example office, set up through the HTTP APIs as its officials would: registered, bound, arranged, rostered."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx

from deploy.local.token_issuer import Issuer
from services.policy.domain.presets.catalogue import preset

OFFICE: Mapping[str, Any] = json.loads(Path(__file__).with_name("office_setup.json").read_text())
STAGE_1 = preset("jabar-2025-se-150-stage-1").model_dump(mode="json", exclude_none=True, exclude_defaults=True)
REGION, OPD = OFFICE["region"], OFFICE["opd"]["opd"]
PATIENCE_S = 30.0


@dataclass
class Office:
    """The people who ask, and how: every request carries a token and an idempotency key of its own."""

    http: httpx.AsyncClient
    issuer: Issuer
    people: dict[str, UUID] = field(default_factory=dict)
    _keys: Iterator[int] = field(default_factory=count)

    def token(self, name: str) -> str:
        """The token of an employee of this office, who must have been placed."""
        employee = str(self.people[name])
        return self.issuer.sign(employee, roles=["EMPLOYEE"], region=REGION, opd=OPD, employee=employee)

    async def ask(self, path: str, token: str, body: Mapping[str, Any] | None = None, key: str = "") -> httpx.Response:
        """POST as the bearer of a token."""
        headers = {"authorization": f"Bearer {token}", "idempotency-key": key or f"office-{next(self._keys):06d}"}
        return await self.http.post(path, json=body, headers=headers)

    async def prepare(self, *work_dates: date) -> str:
        """Register, enact SE 150 stage I, arrange, place and roster the office for these dates.

        Answers the position of the last roster.
        """
        await self.register()
        await self.place()
        return [await self.assign(day) for day in work_dates][-1]

    async def register(self) -> None:
        """The personnel agency opens the OPD, enacts the circular and arranges the units."""
        official = self.issuer.token("sri")
        done(await self.ask(f"/policy/v1/{REGION}/opd", official, OFFICE["opd"]))
        done(await self.ask(f"/policy/v1/{REGION}/instruments", official, {"instrument": STAGE_1}))
        for unit in OFFICE["units"]:
            body = {**unit, "site": OFFICE["site"], "valid_from": "2025-01-01"}
            done(await self.ask(f"/policy/v1/{REGION}/opd/{OPD}/units", official, body))

    async def place(self) -> None:
        """The scheduler places the people; their random ids are read from the registry."""
        scheduler = self.issuer.token("rahmat")
        for person in OFFICE["people"]:
            body = {**person, "from": "2025-01-01"}
            done(await self.ask(f"/roster/v1/{REGION}/opd/{OPD}/people", scheduler, body))
        headers = {"authorization": f"Bearer {scheduler}"}
        known = (await self.http.get(f"/roster/v1/{REGION}/opd/{OPD}/people", headers=headers)).json()
        self.people = {person["name"].split()[0]: UUID(person["employee"]) for person in known}

    async def assign(self, day: date) -> str:
        """The scheduler plans every unit's day, as soon as roster has heard of its arrangement; the position then."""
        for unit in OFFICE["units"]:
            path = f"/roster/v1/{REGION}/opd/{OPD}/units/{unit['unit']}/days/{day}"
            for _ in range(int(PATIENCE_S / 0.1)):
                answer = await self.ask(path, self.issuer.token("rahmat"))
                if answer.status_code != httpx.codes.UNPROCESSABLE_ENTITY:
                    break
                await asyncio.sleep(0.1)
            done(answer)
        return str(answer.headers.get("piket-position", f"roster/{REGION}/0"))

    async def tap(self, name: str, kind: str = "check-ins", **more: Any) -> httpx.Response:
        """One press of the button by a person of this office, on site unless said otherwise."""
        return await self.ask(f"/attendance/v1/{REGION}/{kind}", self.token(name), on_site(**more))


def on_site(**more: Any) -> Mapping[str, Any]:
    """The body of a tap inside the geofence."""
    evidence = {"kind": "GEOFENCE", "accuracy_m": 12, "distance_class": "INSIDE"}
    place = {"class": "SITE", "site": OFFICE["site"]["site"]}
    return {"client_id": str(uuid4()), "place": place, "evidence": evidence, **more}


def done(answer: httpx.Response) -> httpx.Response:
    """The answer to a request that must have succeeded. Raises RuntimeError with the problem otherwise."""
    if answer.is_error:
        raise RuntimeError(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text}")
    return answer
