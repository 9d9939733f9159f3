"""Tests that bad input gets a problem in both languages, stores nothing, and that the next good request is served."""

import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import jwt
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric import ec

from deploy.local.token_issuer import AUDIENCE, ISSUER
from shared.settings.identity import DEMO_KEY_ID
from tests.flow.in_process_deployment import InProcessDeployment, in_process_deployment
from tests.support.example_facts import at
from tests.support.office_setup import OFFICE, OPD, REGION, STAGE_1, Office, on_site_body

TAPS = f"/attendance/v1/{REGION}/check-ins"
UNITS = f"/policy/v1/{REGION}/opd/{OPD}/units"
CLIENT = "c2d95a4e-0b1f-4f2e-9a55-4d1f6d7e8f90"


class OfficeInTown(NamedTuple):
    """An office with people, and the deployment that serves it."""

    office: Office
    town: InProcessDeployment

    async def stored_count(self) -> int:
        return sum([await store.head(REGION) for store in self.town.stores.values()])


@pytest_asyncio.fixture
async def counter(tmp_path: Path) -> AsyncIterator[OfficeInTown]:
    async with in_process_deployment(tmp_path) as (world, deployment):
        await world.office.register()
        await world.office.enrol_people()
        world.set_clock(at("08:00"))
        yield OfficeInTown(world.office, deployment)


async def check_refused(counter: OfficeInTown, answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    """Check the problem, that nothing was stored, and that a good tap is served after it."""
    problem: dict[str, Any] = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, problem["type"]) == (status, f"urn:piket:problem:{slug}")
    assert problem["title"] != problem["title_en"]
    before = await counter.stored_count()
    assert (await counter.office.tap("Dewi")).status_code == 201
    assert await counter.stored_count() == before + 1
    return problem


TAP_BODIES: Mapping[str, tuple[dict[str, Any], str]] = {
    "an unknown field": ({"colour": "red"}, "/colour"),
    "an unknown field deep inside": ({"place": {"class": "SITE", "lat": -6.9}}, "/place/lat"),
    "a wrong type": ({"offline": "perhaps"}, "/offline"),
    "a list for an object": ({"place": []}, "/place"),
    "a time without a zone": ({"occurred_at": "2025-11-06T07:21:08"}, "/occurred_at"),
    "no time at all": ({"occurred_at": "yesterday"}, "/occurred_at"),
    "the year 1": ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "/occurred_at"),
    "the year 9999": ({"occurred_at": "9999-12-31T23:59:59-12:00"}, "/occurred_at"),
    "a number for a time": ({"occurred_at": 1e300}, "/occurred_at"),
    "an upper-case client id": ({"client_id": CLIENT.upper()}, "/client_id"),
    "a name as a post": ({"post": "Ibu Dewi"}, "/post"),
    "an unknown mode": ({"mode": "SLEEP"}, "/mode"),
    "a negative accuracy": ({"evidence": {"kind": "GEOFENCE", "accuracy_m": -1}}, "/evidence/accuracy_m"),
}


@pytest.mark.parametrize(("more", "pointer"), TAP_BODIES.values(), ids=TAP_BODIES.keys())
async def test_a_tap_with(counter: OfficeInTown, more: dict[str, Any], pointer: str) -> None:
    answer = await counter.office.tap("Dewi", **more)
    problem = await check_refused(counter, answer, 422, "invalid")
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


@pytest.mark.parametrize("body", [b"{", b"", b"\xff\xfe", b"[" * 50_000, b'{"client_id": NaN}', b"null"])
async def test_a_body_that_is_no_json_object(counter: OfficeInTown, body: bytes) -> None:
    headers = _headers(counter.office.token("Dewi")) | {"content-type": "application/json"}
    answer = await counter.office.http.post(TAPS, content=body, headers=headers)
    assert answer.status_code in {400, 422}
    await check_refused(counter, answer, answer.status_code, "malformed" if answer.status_code == 400 else "invalid")


async def test_a_body_beyond_the_limit(counter: OfficeInTown) -> None:
    answer = await counter.office.tap("Dewi", unit="X" * 70_000)
    await check_refused(counter, answer, 413, "too-large")


async def test_no_token(counter: OfficeInTown) -> None:
    answer = await counter.office.http.post(TAPS, json=on_site_body(), headers={"idempotency-key": "no-token-1"})
    await check_refused(counter, answer, 401, "token-missing")


async def test_an_expired_token(counter: OfficeInTown) -> None:
    employee = str(counter.office.people["Dewi"])
    claims = {"roles": ["EMPLOYEE"], "region": REGION, "opd": OPD, "employee": employee}
    old = counter.office.issuer.sign(employee, lifetime=-3600, **claims)
    await check_refused(counter, await counter.office.post(TAPS, old, on_site_body()), 401, "token-expired")


@pytest.mark.parametrize("algorithm", ["ES256", "HS256", "none"])
async def test_a_forged_token(counter: OfficeInTown, algorithm: str) -> None:
    employee = str(counter.office.people["Dewi"])
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": employee, "iat": 1, "exp": 2**33, "region": REGION, "opd": OPD}
    keys: dict[str, Any] = {"ES256": ec.generate_private_key(ec.SECP256R1()), "HS256": "s" * 64, "none": None}
    more = {"roles": ["EMPLOYEE", "PERSONNEL"], "employee": employee}
    forged = jwt.encode(claims | more, keys[algorithm], algorithm=algorithm, headers={"kid": DEMO_KEY_ID})
    await check_refused(counter, await counter.office.post(TAPS, forged, on_site_body()), 401, "token-invalid")


async def test_a_token_of_another_region(counter: OfficeInTown) -> None:
    employee = str(counter.office.people["Dewi"])
    claims = {"roles": ["EMPLOYEE"], "region": "3271", "opd": OPD, "employee": employee}
    foreign = counter.office.issuer.sign(employee, **claims)
    await check_refused(counter, await counter.office.post(TAPS, foreign, on_site_body()), 403, "forbidden")


async def test_an_official_of_another_region_enacts_nothing_here(counter: OfficeInTown) -> None:
    foreign = counter.office.issuer.sign("sri", roles=["PERSONNEL"], region="3271")
    answer = await counter.office.post(f"/policy/v1/{REGION}/opd", foreign, OFFICE["opd"])
    await check_refused(counter, answer, 403, "forbidden")


async def test_a_clerk_enacts_nothing(counter: OfficeInTown) -> None:
    answer = await counter.office.post(f"/policy/v1/{REGION}/opd", counter.office.token("Dewi"), OFFICE["opd"])
    await check_refused(counter, answer, 403, "forbidden")


async def test_no_idempotency_key(counter: OfficeInTown) -> None:
    headers = {"authorization": f"Bearer {counter.office.token('Dewi')}"}
    answer = await counter.office.http.post(TAPS, json=on_site_body(), headers=headers)
    await check_refused(counter, answer, 422, "invalid")


async def test_a_key_that_comes_again_with_another_body(counter: OfficeInTown) -> None:
    token = counter.office.token("Dewi")
    first = await counter.office.post(TAPS, token, on_site_body(), "the-same-key")
    second = await counter.office.post(TAPS, token, on_site_body(), "the-same-key")
    assert first.status_code == 201
    await check_refused(counter, second, 422, "key-reused")


async def test_a_key_that_comes_again_for_another_thing(counter: OfficeInTown) -> None:
    token, body = counter.office.token("Dewi"), on_site_body()
    first = await counter.office.post(TAPS, token, body, "the-same-key")
    second = await counter.office.post(f"/attendance/v1/{REGION}/check-outs", token, body, "the-same-key")
    assert first.status_code == 201
    await check_refused(counter, second, 422, "key-reused")


async def test_a_version_that_has_moved_on(counter: OfficeInTown) -> None:
    headers = _headers(counter.office.issuer.token("sri")) | {"if-match": '"0"'}
    answer = await counter.office.http.post(f"/policy/v1/{REGION}/opd", json=OFFICE["opd"], headers=headers)
    await check_refused(counter, answer, 412, "version-conflict")


async def test_a_tap_from_the_future_is_a_refusal_that_is_kept(counter: OfficeInTown) -> None:
    before = await counter.stored_count()
    answer = await counter.office.tap("Dewi", occurred_at="2099-01-01T00:00:00Z")
    assert (answer.status_code, await counter.stored_count()) == (409, before + 1)
    await check_refused(counter, answer, 409, "refused")


POLICY_BODIES: Mapping[str, tuple[str, dict[str, Any], str]] = {
    "a rule that does not exist": ("instruments", {"rules": {"max_sharee": 0.5}}, "/instrument/rules/max_sharee"),
    "a share above one": ("instruments", {"rules": {"max_share": 1.5}}, "/instrument/rules/max_share"),
    "the year 9999": ("instruments", {"effective_to": "9999-12-31"}, "/instrument/effective_to"),
    "reversed dates": ("instruments", {"effective_to": "2025-01-01"}, "/instrument/effective_to"),
    "a date that is none": ("instruments", {"effective_from": "2025-02-30"}, "/instrument/effective_from"),
}


@pytest.mark.parametrize(("path", "more", "pointer"), POLICY_BODIES.values(), ids=POLICY_BODIES.keys())
async def test_an_instrument_with(counter: OfficeInTown, path: str, more: dict[str, Any], pointer: str) -> None:
    instrument = STAGE_1 | {"instrument": "another-one"} | more
    official = counter.office.issuer.token("sri")
    answer = await counter.office.post(f"/policy/v1/{REGION}/{path}", official, {"instrument": instrument})
    problem = await check_refused(counter, answer, 422, "invalid")
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


async def test_a_post_with_a_misspelt_field_is_not_arranged(counter: OfficeInTown) -> None:
    post = {**OFFICE["units"][0]["posts"][0], "minimun": 3}
    unit = {**OFFICE["units"][0], "posts": [post], "site": OFFICE["site"], "valid_from": "2025-01-01"}
    answer = await counter.office.post(UNITS, counter.office.issuer.token("sri"), unit)
    problem = await check_refused(counter, answer, 422, "invalid")
    assert problem["errors"][0]["pointer"] == "/posts/0/minimun"


@pytest.mark.parametrize("day", ["2025-02-30", "9999-12-31", "0001-01-01", "kamis"])
async def test_a_roster_for_an_impossible_date(counter: OfficeInTown, day: str) -> None:
    path = f"/roster/v1/{REGION}/opd/{OPD}/units/FRONT/days/{day}"
    answer = await counter.office.post(path, counter.office.issuer.token("rahmat"))
    await check_refused(counter, answer, 422, "invalid")


async def test_an_invalid_nip_is_not_repeated_in_the_answer(counter: OfficeInTown) -> None:
    body = {**OFFICE["people"][0], "nip": "19900101201503200", "from": "2025-01-01"}
    answer = await counter.office.post(
        f"/roster/v1/{REGION}/opd/{OPD}/people", counter.office.issuer.token("rahmat"), body
    )
    await check_refused(counter, answer, 422, "invalid")
    assert "19900101" not in answer.text


def _headers(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}", "idempotency-key": "bad-input-1"}


BEYOND = str(2**63)


@pytest.mark.parametrize(
    ("after", "headers"),
    [
        (BEYOND, {}),
        (BEYOND, {"accept": "text/event-stream"}),
        ("0", {"accept": "text/event-stream", "last-event-id": BEYOND}),
    ],
    ids=["a batch", "a stream", "a stream that goes on"],
)
async def test_a_feed_beyond_what_any_store_can_count(
    counter: OfficeInTown, after: str, headers: dict[str, str]
) -> None:
    headers |= {"authorization": f"Bearer {counter.office.issuer.token('agus')}"}
    path = f"/attendance/v1/{REGION}/feed"
    answer = await counter.office.http.get(path, params={"after": after}, headers=headers)
    await check_refused(counter, answer, 422, "invalid")


PERSON_BODIES: Mapping[str, tuple[dict[str, Any], str]] = {
    "a null character in the name": ({"name": "Dewi\u0000"}, "/name"),
    "a new line in the name": ({"name": "Dewi\nContoh"}, "/name"),
    "half a character in the name": ({"name": "Dewi \ud800"}, "/name"),
    "digits of another script": ({"nip": "١٩٩٠٠١٠١٢٠١٥٠٣٢٠٠١"}, "/nip"),
}


@pytest.mark.parametrize(("more", "pointer"), PERSON_BODIES.values(), ids=PERSON_BODIES.keys())
async def test_a_person_with(counter: OfficeInTown, more: dict[str, Any], pointer: str) -> None:
    body = {**OFFICE["people"][0], "from": "2025-01-01"} | more
    path = f"/roster/v1/{REGION}/opd/{OPD}/people"
    headers = _headers(counter.office.issuer.token("rahmat")) | {"content-type": "application/json"}
    answer = await counter.office.http.post(path, content=json.dumps(body), headers=headers)
    problem = await check_refused(counter, answer, 422, "invalid")
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


async def test_a_region_in_digits_of_another_script(counter: OfficeInTown) -> None:
    token = counter.office.issuer.token("rahmat")
    answer = await counter.office.post(
        f"/roster/v1/٣٢/opd/{OPD}/people", token, {**OFFICE["people"][0], "from": "2025-01-01"}
    )
    await check_refused(counter, answer, 422, "invalid")


async def test_a_path_that_is_none(counter: OfficeInTown) -> None:
    request = counter.office.http.build_request("OPTIONS", "http://piket/")
    request.url = _Star("http://piket/")
    await check_refused(counter, await counter.office.http.send(request), 404, "not-found")


class _Star(httpx.URL):
    """The `*` of `OPTIONS *`, as a server passes it to the application."""

    @property
    def path(self) -> str:
        return "*"
