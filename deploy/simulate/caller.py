"""Requests as every client sends them: with a token and a key of their own, again until they are answered."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from deploy.local.issuer import Issuer

TRIES = 60
PAUSE_S = 0.5
AT_ONCE = 48
OUTCOMES: Mapping[int, str] = {200: "unchanged", 201: "accepted", 409: "refused"}
Body = Mapping[str, Any]


class Unanswered(Exception):
    """A request that nobody answered within half a minute."""


@dataclass
class Caller:
    """Everybody who asks. `acknowledged` are the ids of the events that were promised to be stored."""

    http: httpx.AsyncClient
    issuer: Issuer
    outcomes: Counter[str] = field(default_factory=Counter)
    acknowledged: set[str] = field(default_factory=set)
    tokens: dict[tuple[str, ...], str] = field(default_factory=dict)
    gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    def official(self, role: str, region: str, opd: str) -> str:
        """The token of the holder of an office."""
        who = (role, region, opd)
        if who not in self.tokens:
            self.tokens[who] = self.issuer.sign(f"{role}-{region}-{opd}".lower(), roles=[role], region=region, opd=opd)
        return self.tokens[who]

    def employee(self, region: str, opd: str, employee: str) -> str:
        """The token of an employee, for their own taps."""
        who = (region, opd, employee)
        if who not in self.tokens:
            self.tokens[who] = self.issuer.sign(employee, roles=["EMPLOYEE"], region=region, opd=opd, employee=employee)
        return self.tokens[who]

    async def tell(self, path: str, token: str, body: Body, key: str = "") -> httpx.Response:
        """POST until answered, always with the same key. Raises `Unanswered`."""
        headers = {"authorization": f"Bearer {token}", "idempotency-key": key or uuid4().hex}
        async with self.gate:
            answer = await self._insist("POST", path, headers, body)
        self.outcomes[OUTCOMES.get(answer.status_code, f"status-{answer.status_code}")] += 1
        if answer.status_code in OUTCOMES:
            events = answer.json()["events"]
            self.acknowledged.update(event["id"] for event in events)
        return answer

    async def done(self, path: str, token: str, body: Body) -> httpx.Response:
        """POST what must succeed. Raises RuntimeError with the problem otherwise."""
        return succeeded(await self.tell(path, token, body))

    async def read(self, path: str, token: str = "", **params: Any) -> Any:  # noqa: ANN401 - JSON
        """GET what must be there, as JSON."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        async with self.gate:
            return succeeded(await self._insist("GET", path, headers, None, params)).json()

    async def _insist(
        self, method: str, path: str, headers: Mapping[str, str], body: Body | None, params: Any = None  # noqa: ANN401
    ) -> httpx.Response:  # fmt: skip
        for _ in range(TRIES):
            with suppress(httpx.TransportError):
                answer = await self.http.request(method, path, json=body, headers=dict(headers), params=params)
                if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                    return answer
            self.outcomes["tried-again"] += 1
            await asyncio.sleep(PAUSE_S)
        raise Unanswered(f"{method} {path} was not answered in {TRIES * PAUSE_S:.0f} s. What was acknowledged is kept.")


def succeeded(answer: httpx.Response) -> httpx.Response:
    """An answer that must not be an error. Raises RuntimeError with the problem otherwise."""
    if answer.is_error:
        raise RuntimeError(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text}")
    return answer
