"""Tokens and sign-in of a real Keycloak with the realm that ships, against services in processes of their own."""

import asyncio
import base64
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.async_api import BrowserContext, Page, async_playwright, expect

from deploy.doctor.judgement.tokens import judge_public_secrets, judge_tokens
from deploy.doctor.probes.signals import Examination
from deploy.doctor.probes.tokens import observe_public_secrets, observe_tokens
from deploy.local.deadlines import scaled
from deploy.local.keycloak.server import Keycloak
from deploy.local.server_process import free_ports
from deploy.onboarding import realm
from shared.identity import Identity, Role
from shared.identity.key_cache import KeyCache
from shared.identity.key_set import verification_keys
from shared.identity.service_token import NoServiceToken
from shared.projection.owner_feed import OwnerFeed
from shared.settings import Settings
from tests.browser.board_server import CHROMIUM
from tests.e2e.keycloak_site import Administrator, KeySetAddress, running_services
from tests.support.onboarding_page import command_blocks
from tests.support.waiting import LIMIT_S, wait_until

# The first start on a computer fetches and builds Keycloak.
pytestmark = [pytest.mark.parts, pytest.mark.timeout(scaled(600))]

ONBOARDING = Path(__file__).parents[2] / "docs/operations/onboarding.md"
FEED = "/attendance/v1/32/feed"
LEEWAY_S = 10
PRESET = "nasional-2025-permenpanrb-4"
OWN_KEY = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(scope="session")
def keycloak(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keycloak]:
    """Provide one Keycloak; a port for Piket's pages is registered in its realm."""
    pages = f"http://127.0.0.1:{free_ports(1)[0]}"
    with Keycloak(tmp_path_factory.mktemp("keycloak"), pages) as server:
        yield server


@pytest.fixture(scope="session")
def administrator(keycloak: Keycloak) -> Iterator[Administrator]:
    administrator = Administrator(keycloak)
    yield administrator
    administrator.close()


@pytest.fixture(scope="module")
def service(keycloak: Keycloak, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run attendance, which finds the keys by discovery."""
    with running_services(tmp_path_factory.mktemp("attendance"), keycloak, "attendance") as url:
        yield url


def get(url: str, token: str, path: str = FEED) -> httpx.Response:
    return httpx.get(f"{url}{path}", headers={"authorization": f"Bearer {token}"}, timeout=scaled(LIMIT_S))


def slug(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition(":")[2] if answer.is_error else ""


def readiness(url: str) -> Any:
    return httpx.get(f"{url}/readyz").json()["parts"]


INVALID = (401, "token-invalid")


def test_a_token_signed_by_either_algorithm_opens_the_feed_of_its_region_only(
    service: str, administrator: Administrator
) -> None:
    for algorithm in "RS256", "ES256":
        administrator.change_client("piket-cli", {"access.token.signed.response.alg": algorithm})
        token = administrator.token("agus")
        assert jwt.get_unverified_header(token)["alg"] == algorithm
        assert slug(get(service, token)) == (200, "")
        assert slug(get(service, token, "/attendance/v1/3276/feed")) == (403, "forbidden")
    assert slug(get(service, administrator.token("dewi"))) == (403, "forbidden")


def test_every_claim_of_the_realm_arrives(administrator: Administrator) -> None:
    claims = jwt.decode(administrator.token("dewi"), options={"verify_signature": False})
    assert (claims["region"], claims["opd"], claims["unit"], claims["aud"]) == ("32", "DPMPTSP", "FRONT", "piket")
    assert "EMPLOYEE" in claims["roles"]
    assert not claims.keys() & {"name", "email", "preferred_username", "given_name"}, "no token names a person"


def forged_tokens(keycloak: Keycloak, good: str) -> Iterator[tuple[str, str]]:
    header, body, signature = good.split(".")
    claims = jwt.decode(good, options={"verify_signature": False})
    key_id = jwt.get_unverified_header(good)["kid"]
    (public,) = [k for k in published_keys(keycloak) if k["kid"] == key_id]
    pem = jwt.PyJWK(public).key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    yield "more rights under the same signature", f"{header}.{encoded(claims | {'roles': ['OPS']})}.{signature}"
    yield "no signature", f"{header}.{body}."
    yield "alg none", jwt.encode(claims, "", algorithm="none", headers={"kid": key_id})
    yield "another key with the id of this one", jwt.encode(claims, OWN_KEY, algorithm="ES256", headers={"kid": key_id})
    yield "an unknown key", jwt.encode(claims, OWN_KEY, algorithm="ES256", headers={"kid": "mine"})
    mac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    signing_input = f"{encoded({'alg': 'HS256', 'kid': key_id})}.{body}"
    yield "the public key as a shared secret", f"{signing_input}.{base64url(mac.sign(signing_input.encode(), pem))}"


def encoded(members: Any) -> str:
    return base64url(json.dumps(members).encode())


def base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def published_keys(keycloak: Keycloak) -> Any:
    return httpx.get(f"{keycloak.issuer}/protocol/openid-connect/certs").json()["keys"]


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_forged_tokens_are_refused(
    service: str, keycloak: Keycloak, administrator: Administrator, algorithm: str
) -> None:
    administrator.change_client("piket-cli", {"access.token.signed.response.alg": algorithm})
    forged = dict(forged_tokens(keycloak, administrator.token("agus")))
    assert {name: slug(get(service, token)) for name, token in forged.items()} == dict.fromkeys(forged, INVALID)


def test_a_token_for_another_audience_is_refused_for_that_alone(
    service: str, keycloak: Keycloak, administrator: Administrator
) -> None:
    with administrator.audience("lamaran"):
        token = administrator.token("agus")
    keys = verification_keys({"keys": published_keys(keycloak)}, keycloak.issuer)
    assert Identity(KeyCache(keys), keycloak.issuer, "lamaran").principal(token).roles == {Role.SUBSCRIBER}
    assert slug(get(service, token)) == INVALID
    assert slug(get(service, administrator.token("agus"))) == (200, "")


def test_a_token_of_another_issuer_is_refused(service: str, administrator: Administrator) -> None:
    realm = administrator.send("GET", "")
    administrator.send("PUT", "", realm | {"attributes": realm["attributes"] | {"frontendUrl": "http://elsewhere"}})
    try:
        token = administrator.token("agus")
    finally:
        administrator.send("PUT", "", realm | {"attributes": realm["attributes"] | {"frontendUrl": ""}})
    assert jwt.decode(token, options={"verify_signature": False})["iss"] == "http://elsewhere/realms/piket"
    assert slug(get(service, token)) == INVALID


async def test_a_disabled_person_gets_no_token_and_the_last_one_expires(
    service: str, administrator: Administrator
) -> None:
    administrator.change_client("piket-cli", {"access.token.lifespan": "1"})
    token = administrator.token("agus")
    administrator.change_client("piket-cli", {"access.token.lifespan": "900"})
    assert slug(get(service, token)) == (200, "")
    administrator.change_user("agus", enabled=False)
    try:
        assert administrator.password_grant("agus").status_code in {400, 401}
        await wait_until(lambda: slug(get(service, token)) == (401, "token-expired"), LEEWAY_S + 5, every=0.5)
    finally:
        administrator.change_user("agus", enabled=True)


@pytest.fixture
def keys(keycloak: Keycloak) -> Iterator[KeySetAddress]:
    with KeySetAddress(keycloak).served() as address:
        yield address


def test_a_rotated_key_is_accepted_at_once_and_unknown_keys_ask_once_a_minute(
    keycloak: Keycloak, administrator: Administrator, keys: KeySetAddress, tmp_path: Path
) -> None:
    with running_services(tmp_path, keycloak, "attendance", PIKET_JWKS=keys.url) as url:
        before = administrator.token("agus")
        assert slug(get(url, before)) == (200, "")
        asked = keys.requests
        with administrator.rotated_key("rotated"):
            after = administrator.token("agus")
            accepted = slug(get(url, after)), slug(get(url, before))
        assert jwt.get_unverified_header(after)["kid"] != jwt.get_unverified_header(before)["kid"]
        assert accepted == ((200, ""), (200, ""))
        claims = jwt.decode(after, options={"verify_signature": False})
        for number in range(20):
            unknown = jwt.encode(claims, OWN_KEY, algorithm="ES256", headers={"kid": f"unknown-{number}"})
            assert slug(get(url, unknown)) == INVALID
        assert keys.requests == asked + 1


async def test_known_keys_outlast_the_issuer_and_garbage_never_replaces_them(
    keycloak: Keycloak, administrator: Administrator, keys: KeySetAddress, tmp_path: Path
) -> None:
    token = administrator.token("agus")
    unknown = jwt.encode({"sub": "x"}, OWN_KEY, algorithm="ES256", headers={"kid": "unknown"})
    keys.instead = (502, b"")
    with running_services(tmp_path, keycloak, "attendance", PIKET_JWKS=keys.url) as url:
        answer = get(url, token)
        assert (slug(answer), answer.headers["retry-after"]) == ((503, "issuer-unreachable"), "2")
        (keys_part,) = [part for name, part in readiness(url).items() if name.endswith("keys")]
        assert (keys_part["works"], "answered 502" in keys_part["state"]) == (False, True)
        keys.instead = (0, b"")
        await wait_until(lambda: slug(get(url, token)) == (200, ""), what="the keys after the outage", every=0.5)
        keys.instead = (200, b"<html>The gateway is being repaired</html>")
        assert slug(get(url, unknown)) == (503, "issuer-unreachable")
        assert slug(get(url, token)) == (200, "")


async def test_a_service_reads_a_feed_with_its_own_token_for_one_region(
    service: str, keycloak: Keycloak, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text(keycloak.client_secrets["roster"])
    settings = Settings(
        issuer=keycloak.issuer, gateway=service, client_id="piket-roster", client_secret_file=str(secret)
    )
    feed = OwnerFeed(settings)
    assert await feed.read("/piket/32/attendance", 0) == []
    with pytest.raises(NoServiceToken, match="no token for region 3276: invalid_scope"):
        await feed.read("/piket/3276/attendance", 0)
    accepted = judge_tokens(await observe_tokens(Examination(settings)))
    assert accepted.evidence == "2 usable keys, 1 accepted tokens of services"
    secret.write_text("another secret")
    assert await feed.read("/piket/32/attendance", 0) == [], "a token is kept until it expires"
    with pytest.raises(NoServiceToken, match=r"invalid_client|unauthorized_client") as refused:
        await OwnerFeed(settings).read("/piket/32/attendance", 0)
    (finding,) = judge_tokens(await observe_tokens(Examination(settings))).findings
    assert finding.where == "The token of PIKET_CLIENT_ID for region 32"
    assert "another secret" not in f"{refused.value} {finding}"


async def test_the_doctor_finds_a_secret_that_an_import_without_variables_left(
    keycloak: Keycloak, administrator: Administrator
) -> None:
    examination = Examination(Settings(issuer=keycloak.issuer))
    safe = judge_public_secrets(await observe_public_secrets(examination))
    assert safe.evidence == "2 clients refuse the text of the realm file as their secret"
    administrator.change_client("piket-roster", secret="${PIKET_ROSTER_CLIENT_SECRET}")
    try:
        (finding,) = judge_public_secrets(await observe_public_secrets(examination)).findings
    finally:
        administrator.change_client("piket-roster", secret=keycloak.client_secrets["roster"])
    assert finding.where == "The client piket-roster at the issuer"


@pytest.fixture(scope="module")
def site(keycloak: Keycloak, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run policy and reporting at the address that the realm knows."""
    port = int(keycloak.public_url.rpartition(":")[2])
    with running_services(tmp_path_factory.mktemp("pages"), keycloak, "policy", "reporting", port=port) as url:
        yield url


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[BrowserContext]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = await chromium.new_context(locale="id-ID")
        context.set_default_timeout(scaled(1000 * LIMIT_S))
        yield context
        await chromium.close()


async def enter_password(page: Page, keycloak: Keycloak, user: str) -> None:
    """Fill in Keycloak's own page."""
    await page.locator("#username").fill(user)
    await page.locator("#password").fill(keycloak.people_password)
    await page.locator("#kc-login").click()


async def cookie(context: BrowserContext, name: str = "piket_token") -> Any:
    return next((c for c in await context.cookies() if c.get("name") == name), None)


async def test_an_official_signs_in_enacts_by_the_form_and_signs_out(
    site: str, keycloak: Keycloak, browser: BrowserContext
) -> None:
    page = await browser.new_page()
    await page.goto(f"{site}/aturan/32?contoh={PRESET}")
    await page.get_by_role("link", name="Masuk").click()
    await enter_password(page, keycloak, "sri")
    await expect(page).to_have_url(f"{site}/aturan/32?contoh={PRESET}")
    session = await cookie(browser)
    assert (session["httpOnly"], session["sameSite"], session["secure"]) == (True, "Lax", False)
    assert await page.evaluate("document.cookie") == ""

    form: dict[str, str | float | bool] = {"contoh": PRESET, "kunci": "kunci-0001"}
    for headers, token in (({}, "x"), ({"origin": site}, "x"), ({"origin": "https://evil.example"}, "")):
        csrf = token or await page.locator("input[name=csrf]").input_value()
        answer = await page.request.post(f"{site}/aturan/32", form=form | {"csrf": csrf}, headers=headers)
        assert answer.status == 403, headers
    await page.get_by_role("button", name="Tetapkan").click()
    await expect(page.get_by_role("status")).to_contain_text("tercatat")

    await page.goto(f"{site}/operasi")
    await expect(page.locator("#jawaban")).to_have_text("Di luar wewenang")
    await page.get_by_role("link", name="Keluar, lalu masuk dengan akun lain").click()
    await expect(page).to_have_url(f"{site}/")
    assert (await cookie(browser), await cookie(browser, "piket_id")) == (None, None)
    await page.goto(f"{site}/masuk")
    await expect(page.locator("#password")).to_be_visible()


def test_the_accounts_and_the_scope_of_a_new_government_come_by_the_commands_of_the_page(
    keycloak: Keycloak, administrator: Administrator, tmp_path: Path
) -> None:
    (tmp_path / "3276").mkdir()
    (tmp_path / "3276/keycloak-accounts.json").write_text(realm.accounts("3276", ["DPMPTSP"], "BKPSDM"))
    (tmp_path / "3276/keycloak-scope.json").write_text(realm.client_scope("3276"))
    (commands,) = [block.commands for block in command_blocks(ONBOARDING.read_text()) if block.kind == "keycloak"]
    administrator.run_kcadm(tmp_path, commands)
    assert "already exists" in administrator.run_kcadm(tmp_path, commands[:2]), "they may be repeated"
    administrator.let_sign_in("penjadwal-3276-dpmptsp")
    claims = jwt.decode(administrator.token("penjadwal-3276-dpmptsp"), options={"verify_signature": False})
    assert (claims["roles"], claims["region"], claims["opd"]) == (["SCHEDULER"], "3276", "DPMPTSP")

    for client, secret in keycloak.client_secrets.items():
        form = {"grant_type": "client_credentials", "client_id": f"piket-{client}", "scope": "region-3276"}
        url = f"{keycloak.issuer}/protocol/openid-connect/token"
        answer = httpx.post(url, data=form | {"client_secret": secret}, timeout=scaled(LIMIT_S))
        claims = jwt.decode(answer.raise_for_status().json()["access_token"], options={"verify_signature": False})
        assert (claims["roles"], claims["region"]) == (["SUBSCRIBER"], "3276")


async def test_an_official_signs_in_at_a_terminal_by_a_code(
    keycloak: Keycloak, browser: BrowserContext, tmp_path: Path
) -> None:
    file, environment = tmp_path / "token", {**os.environ, "PIKET_ISSUER": keycloak.issuer}
    command = [sys.executable, "-m", "deploy.cli", "sign-in", "--to", str(file)]
    terminal = await asyncio.create_subprocess_exec(*command, env=environment, stdout=asyncio.subprocess.PIPE)
    assert terminal.stdout is not None
    words = (await terminal.stdout.readline()).decode().split()
    page = await browser.new_page()
    await page.goto(words[1])
    await page.locator("[name=device_user_code]").fill(words[-1])
    await page.keyboard.press("Enter")
    await enter_password(page, keycloak, "sri")
    await page.locator("#kc-login").click()
    output = (await terminal.communicate())[0].decode()
    assert output == f"{file}: written, valid for 15 minutes. Next: export PIKET_TOKEN=$(cat {file})\n"
    claims = jwt.decode(file.read_text(), options={"verify_signature": False})
    assert (claims["roles"], claims["region"], claims["aud"]) == (["PERSONNEL"], "32", "piket")


async def test_an_expired_session_is_renewed_by_a_redirect_that_asks_for_nothing(
    site: str, keycloak: Keycloak, administrator: Administrator, browser: BrowserContext
) -> None:
    administrator.change_client("piket-pages", {"access.token.lifespan": "1"})
    page = await browser.new_page()
    await page.goto(f"{site}/operasi")
    await page.get_by_role("link", name="Masuk").click()
    await enter_password(page, keycloak, "wahyu")
    await expect(page).to_have_url(f"{site}/operasi")
    administrator.change_client("piket-pages", {"access.token.lifespan": "900"})
    first = (await cookie(browser))["value"]
    expires = jwt.decode(first, options={"verify_signature": False})["exp"]
    await wait_until(lambda: time.time() > expires + LEEWAY_S + 1, what="the expiry of the session")
    answer = await page.goto(f"{site}/operasi")
    assert answer is not None
    assert (answer.status, page.url) == (200, f"{site}/operasi")
    assert (await cookie(browser))["value"] != first


def test_what_does_not_fit_the_attempt_of_this_browser_signs_nobody_in(site: str) -> None:
    with httpx.Client(base_url=site, timeout=scaled(LIMIT_S)) as http:
        start = http.get("/masuk", params={"ke": "/operasi"})
        assert start.status_code == 303
        query = httpx.URL(start.headers["location"]).params
        assert (query["code_challenge_method"], query["client_id"]) == ("S256", "piket-pages")
        flags = start.headers["set-cookie"].lower()
        assert ("httponly" in flags, "samesite=lax" in flags, "path=/masuk" in flags) == (True, True, True)
        back = {"code": "x", "state": query["state"]}
        wrong = {
            "a code that the issuer never gave": (back, 400),
            "a refusal": ({"error": "access_denied", "state": query["state"]}, 400),
        }
        for name, (parameters, status) in wrong.items():
            answer = http.get("/masuk/kembali", params=parameters)
            assert (answer.status_code, "piket_token" in answer.headers.get("set-cookie", "")) == (status, False), name
            assert "Belum berhasil masuk" in answer.text
        for target in "https://evil.example/", "//evil.example", "/\\evil.example":
            assert http.get("/masuk", params={"ke": target}).status_code == 404
        assert http.get("/keluar", headers={"sec-fetch-site": "cross-site"}).headers["location"] == "/"
