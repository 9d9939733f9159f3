import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import APIRouter
from pydantic import Field

from deploy.local.token_issuer import AUDIENCE, ISSUER, Issuer
from shared import web
from shared.domain.decider import KeyReused, VersionConflict
from shared.domain.errors import Invalid, json_pointer
from shared.domain.facts.base import Command
from shared.domain.facts.instruments import BilingualText
from shared.event_store.database import Unavailable
from shared.identity import Action, Identity, Scope
from shared.web.dependencies import PrincipalDep
from shared.web.problem_types import PROBLEM_TYPES
from tests.support.messages import english, indonesian

NIP = "198203042006041001"
router = APIRouter()


class Visit(Command):
    opd: str = Field(max_length=20)
    people: int = Field(ge=1)


@router.post("/visits")
async def visit(body: Visit, principal: PrincipalDep) -> Visit:
    web.authorize(principal, Action.PLACE, Scope("32", body.opd))
    return body


@router.post("/nowhere")
async def nothing() -> None:
    raise web.Problem("not-found")


@router.get("/{error}")
async def fail(error: str) -> None:
    raise {
        "key": KeyReused("k"),
        "version": VersionConflict(3, 5),
        "unavailable": Unavailable("disk full at /var/lib/secret"),
        "rule": Invalid("/to", BilingualText(id="Akhir mendahului awal.", en="The end is before the beginning.")),
        "bug": RuntimeError("secret"),
    }[error]


@pytest.fixture
def issuer(tmp_path: Any) -> Issuer:
    return Issuer(tmp_path, "demo")


@pytest.fixture
async def client(issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    app = web.application("Contoh", Identity.from_jwks(issuer.jwks(), ISSUER, AUDIENCE))
    app.include_router(router)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://piket") as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def test_every_problem_has_a_stable_type_and_both_languages(client: httpx.AsyncClient) -> None:
    answer = await client.get("/version")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:piket:problem:version-conflict",
        "status": 412,
        "title": "Sudah berubah",
        "title_en": "Changed meanwhile",
        "detail": indonesian(PROBLEM_TYPES["version-conflict"].detail),
        "detail_en": english(PROBLEM_TYPES["version-conflict"].detail),
        "expected": 3,
        "actual": 5,
    }


@pytest.mark.parametrize(
    ("path", "status", "slug"),
    [
        ("/key", 422, "key-reused"),
        ("/version", 412, "version-conflict"),
        ("/unavailable", 503, "unavailable"),
        ("/bug", 500, "internal"),
        ("/no/such/page", 404, "not-found"),
        ("/visits", 405, "method-not-allowed"),
    ],
)
async def test_internal_errors_are_named_without_their_details(
    client: httpx.AsyncClient, path: str, status: int, slug: str
) -> None:
    answer = await client.request("PUT" if path == "/visits" else "GET", path)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:piket:problem:{slug}")
    assert "secret" not in answer.text


async def test_an_unavailable_store_says_when_to_retry(client: httpx.AsyncClient) -> None:
    assert (await client.get("/unavailable")).headers["retry-after"] == "2"


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b'{"opd": }', b"[" * 50_000])
async def test_malformed_json_is_400(client: httpx.AsyncClient, issuer: Issuer, body: bytes) -> None:
    headers = bearer(issuer.token("rahmat")) | {"content-type": "application/json"}
    answer = await client.post("/visits", content=body, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:piket:problem:malformed")


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"opd": "DPMPTSP"}, ["/people"]),
        ({"opd": "DPMPTSP", "people": "many"}, ["/people"]),
        ({"opd": "DPMPTSP", "people": 1, "nip/~": NIP}, ["/nip~1~0"]),
        ({"opd": NIP * 2, "people": 0}, ["/opd", "/people"]),
        ([NIP], [""]),
        ("text", [""]),
        (None, [""]),
    ],
)
async def test_an_invalid_body_is_422_with_pointers_and_without_its_values(
    client: httpx.AsyncClient, issuer: Issuer, body: object, pointers: list[str]
) -> None:
    answer = await client.post("/visits", json=body, headers=bearer(issuer.token("rahmat")))
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == pointers
    assert NIP not in answer.text


def test_pointers_escape_as_rfc_6901_says() -> None:
    assert json_pointer(["a/b", "~", 0]) == "/a~1b/~0/0"


async def test_an_invalid_command_names_pointer_and_reason(client: httpx.AsyncClient) -> None:
    answer = await client.get("/rule")
    error = {"pointer": "/to", "code": "rule", "detail": "Akhir mendahului awal."}
    assert answer.json()["errors"] == [error | {"detail_en": "The end is before the beginning."}]


async def test_a_missing_field_is_described_in_both_languages(client: httpx.AsyncClient, issuer: Issuer) -> None:
    answer = await client.post("/visits", json={"opd": "DPMPTSP"}, headers=bearer(issuer.token("rahmat")))
    assert answer.json()["errors"][0] | {"pointer": "", "code": ""} == {
        "pointer": "",
        "code": "",
        "detail": "Isian ini wajib.",
        "detail_en": "Field required",
    }


async def test_without_a_token_the_answer_asks_for_one(client: httpx.AsyncClient) -> None:
    answer = await client.post("/visits", json={"opd": "DPMPTSP", "people": 1})
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:piket:problem:token-missing")
    assert answer.headers["www-authenticate"] == 'Bearer realm="piket"'


async def test_an_expired_token_and_a_forged_one_are_distinguished(client: httpx.AsyncClient, issuer: Issuer) -> None:
    expired = issuer.sign("sri", lifetime=-60, region="32")
    types = []
    for token in (expired, issuer.token("sri")[:-8] + "AAAAAAAA"):
        answer = await client.post("/visits", json={"opd": "DPMPTSP", "people": 1}, headers=bearer(token))
        assert answer.status_code == 401
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
        types.append(answer.json()["type"])
    assert types == ["urn:piket:problem:token-expired", "urn:piket:problem:token-invalid"]


async def test_an_action_without_the_right_is_403(client: httpx.AsyncClient, issuer: Issuer) -> None:
    answer = await client.post("/visits", json={"opd": "BAPENDA", "people": 1}, headers=bearer(issuer.token("rahmat")))
    assert (answer.status_code, answer.json()["action"]) == (403, "PLACE")


async def _in_pieces(size: int) -> AsyncIterator[bytes]:
    for _ in range(0, size, 1024):
        yield b" " * 1024


async def test_a_body_over_64_kb_is_413_whether_it_says_its_length_or_not(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    headers = bearer(issuer.token("rahmat")) | {"content-type": "application/json"}
    for body in (b" " * 65537, _in_pieces(70_000)):
        answer = await client.post("/visits", content=body, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (413, "urn:piket:problem:too-large")


async def test_a_body_of_64_kb_is_still_read(client: httpx.AsyncClient, issuer: Issuer) -> None:
    body = json.dumps({"opd": "DPMPTSP", "people": 3}).encode().ljust(64 * 1024)
    headers = bearer(issuer.token("rahmat")) | {"content-type": "application/json"}
    assert (await client.post("/visits", content=body, headers=headers)).status_code == 200


async def test_a_content_length_that_is_no_number_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/nowhere", headers={"content-length": "-5"})
    assert answer.status_code == 413


async def test_every_answer_carries_a_strict_content_security_policy(client: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/no/such/page", "/bug"):
        policy = (await client.get(path)).headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy


async def test_the_interface_is_documented_by_itself_in_both_languages(client: httpx.AsyncClient) -> None:
    pages = [await client.get("/docs", params={"lang": lang}) for lang in ("id", "en")]
    for page, heading in zip(pages, ("Contoh melayani 3 permintaan", "Contoh answers 3 requests"), strict=True):
        assert f"<h1>{heading}</h1>" in page.text
        assert "/visits" in page.text
        assert "urn:piket:problem:version-conflict" in page.text
