"""Simulates two dozen clerks who tap during faults: each tap is sent until it is answered."""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import httpx

from deploy.local.deadlines import scaled
from tests.e2e.ground_truth import Duty, GroundTruth
from tests.support.example_facts import THURSDAY, WEEKDAYS, at
from tests.support.office_setup import OFFICE, OPD, REGION, Office, on_site_body, require_success
from tests.support.waiting import read_until

CLERKS = 24
OPENING_S, CLOSING_S = 6 * 3600, 16 * 3600
UNIT = "LAYANAN"
POSTS = {f"LOKET-{n}": "ABC"[n % 3] for n in range(3, 9)}
"""Six posts with their required skill."""

PATHS = {"in": "check-ins", "out": "check-outs", "take": "post-takings"}


@dataclass
class Clerks:
    """The clerks of an office, the ground truth of their taps, and the ids of the acknowledged events."""

    office: Office
    random: random.Random
    now: Callable[[], datetime]
    truth: GroundTruth = field(default_factory=lambda: GroundTruth({}))
    acknowledged: set[str] = field(default_factory=set)
    retry_count: int = 0
    tap_count: int = 0

    async def set_up(self) -> None:
        """Arrange the posts, enrol the clerks, plan the day, and read who works at which post."""
        official, scheduler = self.office.issuer.token("sri"), self.office.issuer.token("rahmat")
        posts = [
            {"post": post, "weekdays": list(WEEKDAYS), "opens_minute": 480, "closes_minute": 900, "minimum": 2,
             "skills": [skill]}
            for post, skill in POSTS.items()
        ]  # fmt: skip
        unit = {"unit": UNIT, "name": "Layanan", "class": "DIRECT", "posts": posts, "site": OFFICE["site"]}
        body = {**unit, "valid_from": "2025-01-01"}
        require_success(await self.office.post(f"/policy/v1/{REGION}/opd/{OPD}/units", official, body))
        for number in range(CLERKS):
            skills = self.random.sample("ABC", self.random.choice([1, 2]))
            await self._enrol(scheduler, f"Petugas{number:02d} Contoh", number, skills)
        await self._plan_roster(scheduler)

    async def _enrol(self, scheduler: str, name: str, number: int, skills: list[str]) -> None:
        body = {"name": name, "nip": f"1990010120150310{number:02d}", "unit": UNIT, "skills": skills}
        path = f"/roster/v1/{REGION}/opd/{OPD}/people"
        require_success(await self.office.post(path, scheduler, {**body, "from": "2025-01-01"}))
        headers = {"authorization": f"Bearer {scheduler}"}
        rows = (await self.office.http.get(path, headers=headers)).json()
        self.office.people |= {p["name"].split()[0]: p["employee"] for p in rows}
        self._skills[name.split(maxsplit=1)[0]] = frozenset(skills)

    _skills: dict[str, frozenset[str]] = field(default_factory=dict)

    async def _plan_roster(self, scheduler: str) -> None:
        path = f"/roster/v1/{REGION}/opd/{OPD}/units/{UNIT}/days/{THURSDAY}"
        await self.office.post_until_accepted(path, scheduler)
        headers = {"authorization": f"Bearer {scheduler}"}
        roster = (await self.office.http.get(path, headers=headers)).json()
        names = {str(employee): name for name, employee in self.office.people.items()}
        self.truth.duties = {names[a["employee"]]: self._duty(names[a["employee"]], a) for a in roster["assignments"]}

    def _duty(self, name: str, assignment: dict[str, Any]) -> Duty:
        breaks = [(b["from_minute"], b["to_minute"]) for b in assignment["breaks"]]
        able = frozenset(post for post, skill in POSTS.items() if skill in self._skills[name])
        return Duty(assignment["post"], assignment["from_minute"], assignment["to_minute"], breaks, able)

    async def tap_until_stopped(self, stop: asyncio.Event) -> None:
        """Let all clerks tap until `stop` is set."""
        await asyncio.gather(*(self._clerk(name, stop) for name in self.truth.duties))

    async def _clerk(self, name: str, stop: asyncio.Event) -> None:
        while not stop.is_set() and (second := self._second()) < CLOSING_S:
            if second >= OPENING_S:
                kind = self.random.choice(["in", "in", "take", "out"])
                await self._tap(name, second, kind, self.random.choice(sorted(POSTS)) if kind == "take" else "")
            await asyncio.sleep(self.random.uniform(0.2, 3))  # a clerk's pause

    def _second(self) -> int:
        """Return the current second of the day."""
        return int((self.now() - at("00:00")).total_seconds())

    async def _tap(self, name: str, second: int, kind: str, post: str) -> None:
        self.tap_count += 1
        client = str(uuid5(NAMESPACE_URL, f"{name}/{second}"))
        post_fields = {"unit": UNIT, "post": post} if post else {}
        pressed_at = at("00:00") + timedelta(seconds=second)
        body = on_site_body(client_id=client, occurred_at=pressed_at.isoformat(), **post_fields)
        path = f"/attendance/v1/{REGION}/{PATHS[kind]}"
        answer = await self._post_until_answered(path, name, body, f"press-{client}")
        assert answer.status_code == httpx.codes.CREATED, answer.text
        (event,) = (event["id"] for event in answer.json()["events"])
        self.acknowledged.add(event)
        self.truth.record_tap(name, second, kind, post, event)

    async def _post_until_answered(self, path: str, name: str, body: Any, key: str) -> httpx.Response:
        async def post() -> httpx.Response | None:
            with suppress(httpx.TransportError):
                answer = await self.office.post(path, self.office.token(name), body, key)
                if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                    return answer
            self.retry_count += 1
            return None

        answer = await read_until(post, lambda answer: answer is not None, seconds=60, every=0.1)
        assert answer, f"{key} was not answered within {scaled(60):g} s"
        return answer
