"""Tests what is read of an issuer's answers, within which bounds, and how long a service keeps its own token."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import certifi
import httpx
import pytest

from deploy.cli.errors import operator_message
from shared.identity import issuer as issuer_module
from shared.identity.issuer import MAX_BYTES, IssuerClient, IssuerUnreachable
from shared.identity.service_token import RENEW_BEFORE_S, NoServiceToken, ServiceTokens
from shared.settings import Settings

ISSUER = "https://sso.example/auth/realms/piket"
METADATA = {
    "issuer": ISSUER,
    "jwks_uri": f"{ISSUER}/certs",
    "token_endpoint": f"{ISSUER}/token",
    "authorization_endpoint": f"{ISSUER}/auth",
}


def client(answer: Callable[[httpx.Request], Any], **settings: Any) -> IssuerClient:
    return IssuerClient(Settings(issuer=ISSUER, **settings), httpx.MockTransport(answer))


def issuer_of(answers: Mapping[str, httpx.Response]) -> Callable[[httpx.Request], httpx.Response]:
    return lambda request: answers.get(str(request.url), httpx.Response(404))


async def test_the_addresses_come_from_the_metadata_of_the_issuer() -> None:
    answers = {
        f"{ISSUER}/.well-known/openid-configuration": httpx.Response(200, json=METADATA),
        f"{ISSUER}/certs": httpx.Response(200, content=b'{"keys": []}'),
    }
    assert await client(issuer_of(answers)).key_set() == b'{"keys": []}'


async def test_inside_a_closed_network_the_addresses_may_be_others() -> None:
    inside = "http://keycloak:8080/auth/realms/piket"
    answers = {
        f"{inside}/.well-known/openid-configuration": httpx.Response(200, json=METADATA),
        f"{inside}/certs": httpx.Response(200, content=b"inside"),
    }
    settings = {"discovery": f"{inside}/.well-known/openid-configuration", "jwks": f"{inside}/certs"}
    within = client(issuer_of(answers), **settings)
    assert (await within.key_set(), (await within.metadata()).issuer) == (b"inside", ISSUER)


def refuse_connection(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


async def never() -> AsyncIterator[bytes]:
    await asyncio.Event().wait()
    yield b""


WRONG_ANSWERS = {
    "no connection": (refuse_connection, "did not answer (ConnectError: refused)"),
    "an error": (lambda _: httpx.Response(502), "answered 502"),
    "a redirect": (lambda _: httpx.Response(302, headers={"location": "https://evil.example"}), "answered 302"),
    "a page": (lambda _: httpx.Response(200, html="<p>"), "is no OpenID provider metadata"),
    "another issuer": (
        lambda _: httpx.Response(200, json=METADATA | {"issuer": "https://evil.example"}),
        "names the issuer 'https://evil.example', not PIKET_ISSUER",
    ),
    "too much": (lambda _: httpx.Response(200, content=b"x" * (MAX_BYTES + 1)), f"more than {MAX_BYTES} bytes"),
    "nothing within the time": (lambda _: httpx.Response(200, content=never()), "did not answer within"),
}


@pytest.mark.parametrize(("answer", "reason"), WRONG_ANSWERS.values(), ids=WRONG_ANSWERS.keys())
async def test_an_answer_that_cannot_be_trusted_is_an_outage_of_the_issuer(
    monkeypatch: pytest.MonkeyPatch, answer: Callable[[httpx.Request], Any], reason: str
) -> None:
    monkeypatch.setattr(issuer_module, "TIMEOUT_S", 0.5)
    with pytest.raises(IssuerUnreachable) as unreachable:
        await client(answer).key_set()
    assert reason in str(unreachable.value)


class Stopwatch:
    """A clock of seconds that a test moves."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class TokenEndpoint:
    """Gives tokens that last five minutes, and keeps the forms that it received."""

    def __init__(self) -> None:
        self.forms: list[Mapping[str, list[str]]] = []
        self.answer = httpx.Response(200)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json=METADATA)
        self.forms.append(parse_qs(request.content.decode()))
        token = {"access_token": f"token-{len(self.forms)}", "expires_in": 300}
        return self.answer if self.answer.is_error else httpx.Response(200, json=token)


@pytest.fixture
def endpoint() -> TokenEndpoint:
    return TokenEndpoint()


def tokens_of(endpoint: TokenEndpoint, folder: Path, stopwatch: Stopwatch) -> ServiceTokens:
    (folder / "secret-32").write_text("hush\n")
    settings = Settings(issuer=ISSUER, client_id="piket-roster", client_secret_file=str(folder / "secret-{region}"))
    return ServiceTokens(settings, IssuerClient(settings, httpx.MockTransport(endpoint)), stopwatch)


async def test_a_service_asks_once_for_each_region_and_again_shortly_before_the_token_expires(
    endpoint: TokenEndpoint, tmp_path: Path
) -> None:
    stopwatch = Stopwatch()
    tokens = tokens_of(endpoint, tmp_path, stopwatch)
    assert set(await asyncio.gather(*(tokens.token("32") for _ in range(50)))) == {"token-1"}
    form = {name: values[0] for name, values in endpoint.forms[0].items()}
    assert form == {
        "grant_type": "client_credentials",
        "client_id": "piket-roster",
        "client_secret": "hush",
        "scope": "region-32",
    }
    stopwatch.seconds = 300 - RENEW_BEFORE_S - 1
    assert await tokens.token("32") == "token-1"
    stopwatch.seconds += 1
    assert await tokens.token("32") == "token-2"
    tokens.forget("32")
    assert await tokens.token("32") == "token-3"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (httpx.Response(401, json={"error": "invalid_client", "error_description": "wrong"}), "invalid_client: wrong"),
        (httpx.Response(400, content=b"?"), "no reason given"),
        (httpx.Response(503), "answered 503"),
    ],
)
async def test_without_a_token_the_reason_is_named_and_no_secret(
    endpoint: TokenEndpoint, tmp_path: Path, answer: httpx.Response, reason: str
) -> None:
    endpoint.answer = answer
    with pytest.raises(NoServiceToken) as refused:
        await tokens_of(endpoint, tmp_path, Stopwatch()).token("32")
    assert (reason in str(refused.value), "hush" in str(refused.value)) == (True, False)


async def test_a_missing_secret_names_its_file_and_setting(endpoint: TokenEndpoint, tmp_path: Path) -> None:
    with pytest.raises(NoServiceToken) as missing:
        await tokens_of(endpoint, tmp_path, Stopwatch()).token("3276")
    expected = f"the file {tmp_path}/secret-3276 (PIKET_CLIENT_SECRET_FILE) cannot be read: No such file or directory"
    assert str(missing.value) == expected


async def test_in_a_demo_the_token_is_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "token-32").write_text("from-a-file\n")
    settings = Settings(profile="demo", token_file=str(tmp_path / "token-{region}"))
    assert await ServiceTokens(settings).token("32") == "from-a-file"
    with pytest.raises(NoServiceToken, match=r"token-3276 \(PIKET_TOKEN_FILE\) cannot be read"):
        await ServiceTokens(settings).token("3276")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"issuer": "urn:piket:demo:issuer"}, "the issuer of the demo is refused outside PIKET_PROFILE=demo"),
        ({"issuer_ca": "/nowhere/ca.pem"}, "not /nowhere/ca.pem: No such file or directory"),
        ({"issuer_ca": "pyproject.toml"}, "not pyproject.toml: it holds no certificate"),
        ({"issuer_ca": "shared"}, "not shared: "),
        ({"discovery": "sso.example"}, "discovery"),
        ({"token_url": "sso.example"}, "token_url"),
        ({"client_id": "piket-roster"}, "PIKET_CLIENT_ID needs PIKET_CLIENT_SECRET_FILE"),
    ],
)
def test_settings_that_trust_the_wrong_are_refused(settings: Mapping[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Settings.model_validate(settings)


def test_a_file_of_certificates_that_cannot_be_read_ends_the_start_with_one_sentence() -> None:
    with pytest.raises(ValueError, match="issuer_ca") as refused:
        Settings(issuer_ca="pyproject.toml")
    assert operator_message(refused.value) == (
        "A setting cannot be used. PIKET_ISSUER_CA: Value error, give the path of a PEM file of certificates, not"
        " pyproject.toml: it holds no certificate. Nothing was started."
    )


def test_the_authorities_of_the_operating_system_are_trusted_not_those_of_a_python_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for variable in "SSL_CERT_FILE", "SSL_CERT_DIR":
        monkeypatch.delenv(variable, raising=False)
    asked: list[str] = []
    monkeypatch.setattr(certifi, "where", lambda: asked.append("certifi"))
    IssuerClient(Settings(issuer=ISSUER))
    assert asked == []


def test_without_an_issuer_a_process_that_verifies_tokens_says_what_to_set() -> None:
    with pytest.raises(Exception, match="Set PIKET_ISSUER") as missing:
        Settings().trusted_issuer()
    assert operator_message(missing.value)
    assert json.loads(Settings(profile="demo").model_dump_json())["issuer"] == ""
