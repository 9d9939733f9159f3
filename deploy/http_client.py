"""Sends HTTP requests of simulated clients with token and idempotency key, and repeats them until they are answered."""

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

from deploy.local.token_issuer import Tokens

MAX_TRIES = 60
PAUSE_S = 0.5
MAX_CONCURRENT = 48
TIMEOUT_S = 60
CONNECTION_ERRORS = (ClientConnectionError, ClientPayloadError, TimeoutError)
"""Raised if there is no answer or an incomplete one, for example because the server was killed."""
OUTCOMES: Mapping[int, str] = {200: "unchanged", 201: "accepted", 409: "refused"}
Body = Mapping[str, Any]
Params = Mapping[str, str | int]
NO_PARAMS: Params = {}


class NoAnswerReceived(Exception):
    """A request was not answered within `MAX_TRIES` tries."""


class HttpAnswer(NamedTuple):
    """The answer to a request; `request` is its method and path."""

    request: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        """Return whether the status is not an error."""
        return self.status < HTTPStatus.BAD_REQUEST

    def json(self) -> Any:  # noqa: ANN401 - JSON
        """Return the parsed JSON body."""
        return from_json(self.body)


def open_session(url: str) -> ClientSession:
    """Open a session for many concurrent clients.

    This is aiohttp because httpx checks each idle connection at each request, which costs more than the server here.
    """
    # Twice the slots, because `get_once` takes none.
    return ClientSession(url, timeout=ClientTimeout(TIMEOUT_S), connector=TCPConnector(limit=2 * MAX_CONCURRENT))


@dataclass
class HttpClient:
    """Sends the requests of all simulated clients.

    `outcomes` counts the answers. `acknowledged` holds the ids of the events that the services confirmed as stored.
    """

    http: ClientSession
    issuer: Tokens
    outcomes: Counter[str] = field(default_factory=Counter)
    acknowledged: set[str] = field(default_factory=set)
    tokens: dict[tuple[str, ...], str] = field(default_factory=dict)
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MAX_CONCURRENT))

    def official_token(self, role: str, region: str, opd: str) -> str:
        """Return the token of an official with a role."""
        holder = (role, region, opd)
        if holder not in self.tokens:
            self.tokens[holder] = self.issuer.sign(
                f"{role}-{region}-{opd}".lower(), roles=[role], region=region, opd=opd
            )
        return self.tokens[holder]

    def employee_token(self, region: str, opd: str, employee: str) -> str:
        """Return the token of an employee, for this person's taps."""
        holder = (region, opd, employee)
        if holder not in self.tokens:
            self.tokens[holder] = self.issuer.sign(
                employee, roles=["EMPLOYEE"], region=region, opd=opd, employee=employee
            )
        return self.tokens[holder]

    async def post(self, path: str, token: str, body: Body, key: str = "") -> HttpAnswer:
        """POST with one idempotency key until there is an answer. Raise `NoAnswerReceived`."""
        # One key for all tries: a try that was stored but not answered is not stored again.
        headers = {**_bearer(token), "idempotency-key": key or uuid4().hex}
        async with self.slots:
            answer = await self._request_with_retry("POST", path, headers, body)
        self.outcomes[OUTCOMES.get(answer.status, f"status-{answer.status}")] += 1
        if answer.status in OUTCOMES:
            self.acknowledged.update(event["id"] for event in answer.json()["events"])
        return answer

    async def post_or_raise(self, path: str, token: str, body: Body) -> HttpAnswer:
        """POST a request that must succeed. Raise RuntimeError with the problem otherwise."""
        return raise_for_problem(await self.post(path, token, body))

    async def get_json(self, path: str, token: str = "", **params: str | int) -> Any:  # noqa: ANN401 - JSON
        """GET a resource that must exist, as JSON. Raise RuntimeError with the problem otherwise."""
        async with self.slots:
            return raise_for_problem(await self._request_with_retry("GET", path, _bearer(token), None, params)).json()

    async def get_once(self, path: str, headers: Mapping[str, str], **params: str | int) -> HttpAnswer:
        """GET once and return any answer; a connection error counts as status 503."""
        try:
            return await self._request("GET", path, headers, None, params)
        except CONNECTION_ERRORS:
            return HttpAnswer(f"GET {path}", HTTPStatus.SERVICE_UNAVAILABLE, {}, b"")

    async def _request_with_retry(
        self, method: str, path: str, headers: Mapping[str, str], body: Body | None, params: Params = NO_PARAMS
    ) -> HttpAnswer:
        for _ in range(MAX_TRIES):
            with suppress(*CONNECTION_ERRORS):
                answer = await self._request(method, path, headers, body, params)
                if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                    return answer
            self.outcomes["tried-again"] += 1
            await asyncio.sleep(PAUSE_S)
        raise NoAnswerReceived(
            f"{method} {path} was not answered in {MAX_TRIES * PAUSE_S:.0f} s. Acknowledged events are kept."
        )

    async def _request(
        self, method: str, path: str, headers: Mapping[str, str], body: Body | None, params: Params
    ) -> HttpAnswer:
        uncompressed = {"accept-encoding": "identity", **headers}
        async with self.http.request(method, path, json=body, headers=uncompressed, params=params) as answer:
            return HttpAnswer(f"{method} {path}", answer.status, answer.headers, await answer.read())


def _bearer(token: str) -> Mapping[str, str]:
    return {"authorization": f"Bearer {token}"} if token else {}


def raise_for_problem(answer: HttpAnswer) -> HttpAnswer:
    """Return the answer. Raise RuntimeError with the problem if it is an error."""
    if not answer.ok:
        raise RuntimeError(f"{answer.request}: {answer.status} {answer.body.decode(errors='replace')}")
    return answer
