"""Requests as every client sends them: with a token and a key of their own, again until they are answered."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, NamedTuple
from uuid import uuid4

from aiohttp import ClientConnectionError, ClientPayloadError, ClientSession, ClientTimeout, TCPConnector
from pydantic_core import from_json

from deploy.local.token_issuer import Issuer

TRIES = 60
PAUSE_S = 0.5
AT_ONCE = 48
TIMEOUT_S = 60
CUT_OFF = (ClientConnectionError, ClientPayloadError, TimeoutError)
"""No answer, or one that ended in its midst: its server was killed."""
OUTCOMES: Mapping[int, str] = {200: "unchanged", 201: "accepted", 409: "refused"}
Body = Mapping[str, Any]
Params = Mapping[str, str | int]
NONE: Params = {}


class Unanswered(Exception):
    """A request that nobody answered within half a minute."""


class Answer(NamedTuple):
    """What came back."""

    asked: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether it is no error."""
        return self.status < HTTPStatus.BAD_REQUEST

    def json(self) -> Any:  # noqa: ANN401 - JSON
        """The body as it was meant."""
        return from_json(self.body)


def session(url: str) -> ClientSession:
    """Connections of many clients at once; httpx would ask every idle one about its health at every request."""
    return ClientSession(url, timeout=ClientTimeout(TIMEOUT_S), connector=TCPConnector(limit=2 * AT_ONCE))


@dataclass
class Caller:
    """Everybody who asks. `acknowledged` are the ids of the events that were promised to be stored."""

    http: ClientSession
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

    async def tell(self, path: str, token: str, body: Body, key: str = "") -> Answer:
        """POST until answered, always with the same key. Raises `Unanswered`."""
        headers = {**_bearer(token), "idempotency-key": key or uuid4().hex}
        async with self.gate:
            answer = await self._insist("POST", path, headers, body)
        self.outcomes[OUTCOMES.get(answer.status, f"status-{answer.status}")] += 1
        if answer.status in OUTCOMES:
            self.acknowledged.update(event["id"] for event in answer.json()["events"])
        return answer

    async def done(self, path: str, token: str, body: Body) -> Answer:
        """POST what must succeed. Raises RuntimeError with the problem otherwise."""
        return succeeded(await self.tell(path, token, body))

    async def read(self, path: str, token: str = "", **params: str | int) -> Any:  # noqa: ANN401 - JSON
        """GET what must be there, as JSON."""
        async with self.gate:
            return succeeded(await self._insist("GET", path, _bearer(token), None, params)).json()

    async def ask(self, path: str, headers: Mapping[str, str], **params: str | int) -> Answer:
        """GET once, whatever the answer; 503 also where nobody answered."""
        try:
            return await self._once("GET", path, headers, None, params)
        except CUT_OFF:
            return Answer(f"GET {path}", HTTPStatus.SERVICE_UNAVAILABLE, {}, b"")

    async def _insist(
        self, method: str, path: str, headers: Mapping[str, str], body: Body | None, params: Params = NONE
    ) -> Answer:
        for _ in range(TRIES):
            with suppress(*CUT_OFF):
                answer = await self._once(method, path, headers, body, params)
                if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                    return answer
            self.outcomes["tried-again"] += 1
            await asyncio.sleep(PAUSE_S)
        raise Unanswered(f"{method} {path} was not answered in {TRIES * PAUSE_S:.0f} s. What was acknowledged is kept.")

    async def _once(
        self, method: str, path: str, headers: Mapping[str, str], body: Body | None, params: Params
    ) -> Answer:
        plain = {"accept-encoding": "identity", **headers}
        async with self.http.request(method, path, json=body, headers=plain, params=params) as answer:
            return Answer(f"{method} {path}", answer.status, answer.headers, await answer.read())


def _bearer(token: str) -> Mapping[str, str]:
    return {"authorization": f"Bearer {token}"} if token else {}


def succeeded(answer: Answer) -> Answer:
    """An answer that must not be an error. Raises RuntimeError with the problem otherwise."""
    if not answer.ok:
        raise RuntimeError(f"{answer.asked}: {answer.status} {answer.body.decode(errors='replace')}")
    return answer
