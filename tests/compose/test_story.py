"""An office works for a day through the gateway, with tokens of the real Keycloak; then the stack stops and starts."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from deploy.local.token_issuer import Issuer
from shared.domain.facts.coverage import Coverage
from shared.domain.regions import local_date
from tests.compose.realm import Realm
from tests.compose.stack import CONTAINERS, Stack
from tests.support.example_facts import WEEKDAYS
from tests.support.figures import Figures
from tests.support.office_setup import OFFICE, OPD, REGION, Office, require_success
from tests.support.story import has_reached, watermark_of
from tests.support.waiting import read_until

UNAVAILABLE = 503
KILLED = 137
"""The exit status of a container that did not end within its time."""
POST = {"post": "LOKET-1", "weekdays": [*WEEKDAYS, "SAT", "SUN"], "opens_minute": 0, "closes_minute": 1440}
UNIT: dict[str, Any] = {
    "unit": "FRONT",
    "name": "Front Office Perizinan",
    "class": "EMERGENCY_24X7",
    "posts": [{**POST, "minimum": 1, "skills": ["PERIZINAN"], "on_holidays": "OPEN"}],
}
"""Open at any time, because the containers have no clock but the real one."""


@pytest_asyncio.fixture
async def http(whole: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=whole.url, verify=whole.tls(), timeout=30) as client:
        yield client


@dataclass
class Day:
    """What a test leaves to the next ones: the people, how many keys were used, and the position of a tap."""

    people: dict[str, UUID] = field(default_factory=dict)
    keys: Iterator[int] = field(default_factory=count)
    position: str = ""


@pytest.fixture(scope="module")
def day() -> Day:
    return Day()


@pytest.fixture
def office(http: httpx.AsyncClient, realm: Realm, day: Day) -> Office:
    return Office(http, realm, day.people, day.keys, units=[UNIT])


def today() -> date:
    return local_date(datetime.now(UTC), REGION)


def heads_now(row: Coverage) -> int:
    """Return how many people are at the counter; a presence of less than a minute leaves no change."""
    known = row.units["FRONT"].posts["LOKET-1"].known
    return known[-1][1] if known else 0


async def row_at(http: httpx.AsyncClient, position: str) -> Coverage:
    """Return today's row of the office as soon as it includes a position."""

    async def read() -> Coverage | None:
        answer = await http.get(f"/reporting/v1/{REGION}/coverage/{OPD}", params={"date": str(today())})
        return Coverage.model_validate_json(answer.content) if answer.is_success else None

    row = await read_until(read, lambda row: has_reached(row, watermark_of(position)), 60, every=0.2)
    assert row
    assert has_reached(row, watermark_of(position)), row.watermark
    return row


async def test_an_office_works_through_the_gateway(http: httpx.AsyncClient, office: Office, day: Day) -> None:
    await office.register()
    await office.enrol_people()
    day.people = office.people
    await row_at(http, await office.plan_day(today()))
    tap = require_success(await office.tap("Dewi", "post-takings", unit="FRONT", post="LOKET-1"))
    day.position = tap.headers["piket-position"]
    assert heads_now(await row_at(http, day.position)) == 1


async def test_the_board_shows_the_office(http: httpx.AsyncClient) -> None:
    for path in ("/", f"/opd/{REGION}/{OPD}"):
        page = await http.get(path)
        assert page.status_code == 200
        assert OFFICE["opd"]["name"] in page.text
        assert page.headers["content-security-policy"]


async def test_an_operator_is_sent_to_sign_in_and_back_over_https(http: httpx.AsyncClient, whole: Stack) -> None:
    page = await http.get("/masuk", follow_redirects=True)
    assert str(page.url).startswith(f"{whole.url}/auth/realms/piket/protocol/openid-connect/auth?")
    assert page.url.params["redirect_uri"] == f"{whole.url}/masuk/kembali"
    assert page.status_code == 200


async def test_a_token_of_the_demo_is_refused(office: Office, tmp_path: Path) -> None:
    forged = Issuer(tmp_path, "demo").token("sri")
    answer = await office.post(f"/policy/v1/{REGION}/opd", forged, OFFICE["opd"])
    assert answer.status_code == 401


async def test_a_stop_ends_each_within_its_time_and_loses_nothing(
    http: httpx.AsyncClient, office: Office, whole: Stack, day: Day, figures: Figures
) -> None:
    tap = require_success(await office.tap("Dewi", "check-outs"))
    whole.stop()
    states = {service: whole.inspect(service)["State"] for service in CONTAINERS}
    assert [name for name, state in states.items() if state["Running"]] == []
    assert [name for name, state in states.items() if state["ExitCode"] == KILLED] == []
    figures.append(f"all started again and healthy: {whole.up('core', 'identity', 'observability'):.1f} s")
    assert heads_now(await row_at(http, tap.headers["piket-position"])) == 0
    # A service that started before Keycloak answers 503 until it reads the keys again.
    again = require_success(
        await read_until(partial(office.tap, "Dewi"), lambda answer: answer.status_code != UNAVAILABLE, 90, every=1)
    )
    assert has_reached(await row_at(http, again.headers["piket-position"]), watermark_of(day.position))
