"""The sign-in at an issuer: what does not fit the attempt of this browser begins no session, and says so."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
import pytest_asyncio
import structlog
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from prometheus_client import REGISTRY

from deploy.local.token_issuer import Issuer
from shared.identity import Identity
from shared.identity.issuer import IssuerClient
from shared.settings import Settings
from shared.web.sign_in import SignIn
from tests.support.dead_letter_site import DeadLetterSite, dead_letter_site
from tests.support.operations_form import PAGE

SSO = "https://sso.example/realms/piket"
CLIENT, CODE, PERSON = "piket-pages", "kode-rahasia", "orang-4711"
RULES = "/aturan/32?contoh=nasional-2025-permenpanrb-4"


class SsoServer:
    """An issuer: it gives tokens for its code to whom knows the secret of PKCE. A test changes what it answers."""

    def __init__(self, signer: Issuer) -> None:
        self._signer = signer
        self.authorization: dict[str, str] = {}
        self.access_claims: dict[str, Any] = {}
        self.id_claims: dict[str, Any] = {}
        self.is_away = False
        self.given: list[str] = []

    def authorize(self, address: str) -> dict[str, str]:
        """Receive a browser with an authorization request; return the query with which it goes back."""
        self.authorization = dict(httpx.URL(address).params)
        assert self.authorization["response_type"] == "code"
        assert self.authorization["code_challenge_method"] == "S256"
        return {"code": CODE, "state": self.authorization["state"], "iss": SSO}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.is_away:
            return httpx.Response(502)
        if request.method == "GET":
            endpoints = {"jwks_uri": "certs", "token_endpoint": "token", "authorization_endpoint": "auth"}
            return httpx.Response(200, json={"issuer": SSO, **{k: f"{SSO}/{v}" for k, v in endpoints.items()}})
        form, asked = dict(parse_qsl(request.content.decode())), self.authorization
        challenge = create_s256_code_challenge(form["code_verifier"])  # type: ignore[no-untyped-call]
        expected = (CODE, CLIENT, asked["redirect_uri"], asked["code_challenge"])
        if (form["code"], form["client_id"], form["redirect_uri"], challenge) != expected:
            return httpx.Response(400, json={"error": "invalid_grant", "error_description": PERSON})
        return httpx.Response(200, json=self._tokens())

    def _tokens(self) -> dict[str, str]:
        access = {"iss": SSO, "roles": ["OPS"], "region": "32"} | self.access_claims
        identity = {"iss": SSO, "aud": CLIENT, "nonce": self.authorization["nonce"]} | self.id_claims
        self.given = [self._sign(access), self._sign(identity)]
        return dict(zip(("access_token", "id_token"), self.given, strict=True))

    def _sign(self, claims: dict[str, Any]) -> str:
        return self._signer.sign(PERSON, **{name: value for name, value in claims.items() if value is not None})


@pytest_asyncio.fixture
async def site(tmp_path: Path) -> AsyncIterator[DeadLetterSite]:
    async with dead_letter_site(tmp_path, sign_in_by_link=False) as site:
        site.app.state.identity = Identity.from_jwks(site.issuer.jwks(), SSO, "piket")
        yield site


@pytest.fixture
def sso(site: DeadLetterSite) -> SsoServer:
    server = SsoServer(site.issuer)
    connect(site, server)
    return server


def connect(site: DeadLetterSite, sso: SsoServer) -> None:
    """Let the pages sign in at an issuer of which they know nothing yet."""
    site.app.state.sign_in = SignIn(IssuerClient(Settings(issuer=SSO), httpx.MockTransport(sso)), CLIENT)


async def begin(site: DeadLetterSite, sso: SsoServer, target: str = PAGE) -> dict[str, str]:
    """Open the sign-in, and return the query with which the issuer sends the browser back."""
    answer = await site.http.get("/masuk", params={"ke": target})
    assert answer.status_code == 303
    return sso.authorize(answer.headers["location"])


async def finish(site: DeadLetterSite, query: dict[str, str]) -> httpx.Response:
    return await site.http.get("/masuk/kembali", params=query)


def count(outcome: str) -> float:
    return REGISTRY.get_sample_value("piket_sign_ins_total", {"outcome": outcome}) or 0


@pytest.mark.parametrize("target", [PAGE, RULES])
@pytest.mark.parametrize("names_itself", [True, False])
async def test_who_signs_in_comes_back_to_the_page_with_a_session(
    site: DeadLetterSite, sso: SsoServer, target: str, *, names_itself: bool
) -> None:
    query, before = await begin(site, sso, target), count("signed_in")
    if not names_itself:
        del query["iss"]
    answer = await finish(site, query)
    assert (answer.status_code, answer.headers["location"]) == (303, target)
    assert (await site.http.get(PAGE)).status_code == 200
    assert count("signed_in") == before + 1
    assert (await finish(site, query)).status_code == 400, "no answer of the issuer is used twice"


def change_query(**members: str) -> Callable[[SsoServer, DeadLetterSite, dict[str, str]], None]:
    def change(_: SsoServer, __: DeadLetterSite, query: dict[str, str]) -> None:
        query.update(members)

    return change


def change_state(_: SsoServer, __: DeadLetterSite, query: dict[str, str]) -> None:
    # The cookie is found by the first characters, so only the comparison of the whole refuses it.
    query["state"] = f"{query['state'][:8]}{'x' * 35}"


def use_another_browser(_: SsoServer, site: DeadLetterSite, __: dict[str, str]) -> None:
    site.http.cookies.clear()


def refuse(_: SsoServer, __: DeadLetterSite, query: dict[str, str]) -> None:
    del query["code"]
    query["error"] = "access_denied"


def change_cookie(site: DeadLetterSite, query: dict[str, str], **members: str) -> None:
    name = f"piket_masuk_{query['state'][:8]}"
    attempt = json.loads(urlsafe_b64decode(site.http.cookies[name])) | members
    site.http.cookies.clear()
    site.http.cookies.set(name, urlsafe_b64encode(json.dumps(attempt).encode()).decode(), path="/masuk")


def change_verifier(_: SsoServer, site: DeadLetterSite, query: dict[str, str]) -> None:
    change_cookie(site, query, verifier="v" * 64)


def change_id(**claims: Any) -> Callable[[SsoServer, DeadLetterSite, dict[str, str]], None]:
    def change(sso: SsoServer, _: DeadLetterSite, __: dict[str, str]) -> None:
        sso.id_claims = claims

    return change


def change_access(**claims: Any) -> Callable[[SsoServer, DeadLetterSite, dict[str, str]], None]:
    def change(sso: SsoServer, _: DeadLetterSite, __: dict[str, str]) -> None:
        sso.access_claims = claims

    return change


def stop(sso: SsoServer, _: DeadLetterSite, __: dict[str, str]) -> None:
    sso.is_away = True


FAILED, NOT_VALID = (400, "Belum berhasil masuk"), (401, "Token tidak sah")
EXPIRED, AWAY = (401, "Masa masuk habis"), (503, "Penerbit token tidak menjawab")
WRONG = {
    "another state": (change_state, FAILED, "unknown_attempt", ""),
    "no state": (change_query(state=""), FAILED, "unknown_attempt", ""),
    "another browser": (use_another_browser, FAILED, "unknown_attempt", ""),
    "another issuer": (change_query(iss="https://evil.example"), FAILED, "another_issuer", ""),
    "a refusal": (refuse, FAILED, "refused_by_issuer", "access_denied"),
    "another code": (change_query(code="kode-lain"), FAILED, "code_refused", "invalid_grant"),
    "another secret of PKCE": (change_verifier, FAILED, "code_refused", "invalid_grant"),
    "another nonce": (change_id(nonce="x"), FAILED, "nonce_mismatch", ""),
    "a nonce outside ASCII": (change_id(nonce="é"), FAILED, "nonce_mismatch", ""),
    "no nonce": (change_id(nonce=None), FAILED, "nonce_mismatch", ""),
    "an ID token of another person": (change_id(sub="orang-12"), FAILED, "subject_mismatch", ""),
    "an ID token for another client": (change_id(aud="x"), NOT_VALID, "token_refused", "InvalidAudienceError"),
    "an ID token of another issuer": (change_id(iss="x"), NOT_VALID, "token_refused", "InvalidIssuerError"),
    "an ID token that has expired": (change_id(exp=1), EXPIRED, "token_refused", "Signature has expired"),
    "an access token for another": (change_access(aud="x"), NOT_VALID, "token_refused", "InvalidAudienceError"),
    "an access token of another issuer": (change_access(iss="x"), NOT_VALID, "token_refused", "InvalidIssuerError"),
    "a token that fits no cookie": (
        change_access(groups=["x" * 4000]),
        FAILED,
        "token_too_long",
        f"remove claims from the tokens of the client {CLIENT}",
    ),
    "an issuer that is away now": (stop, AWAY, "issuer_unreachable", f"{SSO}/token answered 502"),
}


@pytest.mark.parametrize(("change", "shown", "reason", "detail"), WRONG.values(), ids=WRONG.keys())
async def test_what_does_not_fit_the_attempt_begins_no_session_and_the_log_says_why_without_a_secret(
    site: DeadLetterSite,
    sso: SsoServer,
    change: Callable[[SsoServer, DeadLetterSite, dict[str, str]], None],
    shown: tuple[int, str],
    reason: str,
    detail: str,
) -> None:
    query, before = await begin(site, sso), count(reason)
    secrets = [query["state"], CODE, PERSON, sso.authorization["nonce"], *site.http.cookies.values()]
    change(sso, site, query)
    with structlog.testing.capture_logs() as lines:
        answer = await finish(site, query)
    status, title = shown
    assert (answer.status_code, f">{title}</h1>" in answer.text) == (status, True), answer.text
    assert "piket_token" not in answer.headers.get("set-cookie", "")
    (line,) = [line for line in lines if line["event"] == "Sign-in failed"]
    assert (line["reason"], line["detail"], count(reason)) == (reason, detail, before + 1)
    assert not [secret for secret in [*secrets, *sso.given] if secret in f"{lines}{answer.text}"]


async def test_a_text_that_no_issuer_sends_is_not_logged(site: DeadLetterSite, sso: SsoServer) -> None:
    query = await begin(site, sso)
    del query["code"]
    with structlog.testing.capture_logs() as lines:
        answer = await finish(site, query | {"error": "sandi-saya-1234"})
    assert (answer.status_code, "sandi" in f"{lines}") == (400, False)


async def test_a_cookie_that_leads_elsewhere_begins_no_session(site: DeadLetterSite, sso: SsoServer) -> None:
    query = await begin(site, sso)
    change_cookie(site, query, target="https://evil.example/")
    answer = await finish(site, query)
    assert (answer.status_code, "piket_token" in answer.headers.get("set-cookie", "")) == (404, False)
    assert "evil.example" not in answer.text


async def test_an_issuer_that_is_away_at_the_start_is_logged_and_counted(site: DeadLetterSite, sso: SsoServer) -> None:
    sso.is_away, before = True, count("issuer_unreachable")
    with structlog.testing.capture_logs() as lines:
        assert (await site.http.get("/masuk", params={"ke": RULES})).status_code == 503
    (line,) = lines
    assert (line["reason"], "answered 502" in line["detail"]) == ("issuer_unreachable", True)
    assert count("issuer_unreachable") == before + 1


AGAIN = "/masuk?ke=/aturan/32%3Fcontoh%3Dnasional-2025-permenpanrb-4"
OPS = "peran OPS"


async def test_after_a_failure_a_person_returns_to_the_page_where_the_sign_in_began(
    site: DeadLetterSite, sso: SsoServer
) -> None:
    query = await begin(site, sso, RULES)
    page = (await finish(site, query | {"code": "x"})).text
    assert (f'href="{AGAIN}"' in page, f'href="{RULES}"' in page, OPS in page) == (True, True, False)
    again = await site.http.get(AGAIN)
    assert (await finish(site, sso.authorize(again.headers["location"]))).headers["location"] == RULES

    page = (await finish(site, await begin(site, sso) | {"code": "x"})).text
    assert ('href="/masuk?ke=/operasi"' in page, "tanpa masuk" in page, OPS in page) == (True, False, True)
    page = (await finish(site, {"code": "x", "state": "x"})).text
    assert ('href="/masuk?ke=/"' in page, OPS in page) == (True, False)
    sso.is_away = True
    connect(site, sso)
    page = (await site.http.get("/masuk", params={"ke": RULES})).text
    assert (f'href="{AGAIN}"' in page, OPS in page) == (True, False)
