"""The operators' page: who enters, and what a sign-in that fails says."""

from collections.abc import AsyncIterator
from pathlib import Path
from re import search

import httpx
import pytest
import pytest_asyncio

from shared.identity.issuer import IssuerClient
from shared.settings import Settings
from shared.web.sign_in import SignIn
from tests.support.dead_letter_site import DeadLetterSite, dead_letter_site
from tests.support.example_facts import at
from tests.support.operations_faults import WRONG_KEY
from tests.support.operations_form import PAGE, SAME_SITE, send_form


@pytest_asyncio.fixture
async def site(tmp_path: Path) -> AsyncIterator[DeadLetterSite]:
    async with dead_letter_site(tmp_path) as site:
        yield site


async def test_without_a_token_the_page_says_who_may_enter_and_how(site: DeadLetterSite) -> None:
    answer = await site.http.get(PAGE)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="piket"')
    assert ("petugas TI" in answer.text, "tautan masuk" in answer.text) == (True, True)
    assert (await site.http.post(PAGE, content=b"", headers=SAME_SITE)).status_code == 401


@pytest.mark.parametrize(("role", "status"), [("EMPLOYEE", 403), ("PERSONNEL", 403), ("OPS", 200)])
async def test_only_operators_enter(site: DeadLetterSite, role: str, status: int) -> None:
    assert (await site.get(PAGE, role)).status_code == status


async def test_the_printed_link_signs_in_with_a_cookie_that_no_script_and_no_other_site_gets(
    site: DeadLetterSite,
) -> None:
    answer = await site.http.get("/masuk", params={"token": site.token(), "ke": PAGE})
    cookie = answer.headers["set-cookie"].lower()
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    assert ("httponly" in cookie, "samesite=lax" in cookie, "no-referrer" in answer.headers["referrer-policy"]) == (
        True,
        True,
        True,
    )
    assert (await site.http.get(PAGE)).status_code == 200


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example", "operasi", ""])
async def test_the_link_never_leads_to_another_server(site: DeadLetterSite, target: str) -> None:
    answer = await site.http.get("/masuk", params={"token": site.token(), "ke": target})
    assert (answer.status_code, "set-cookie" in answer.headers) == (404, False)


async def test_a_bad_token_in_the_link_is_refused_and_not_given_back(site: DeadLetterSite) -> None:
    answer = await site.http.get("/masuk", params={"token": "bukan-token", "lang": "en"})
    assert (answer.status_code, "bukan-token" in answer.text) == (401, False)


NOT_VALID = ("Token atau tautan ini tidak sah di sini.", "This token or link is not valid here.")
EXPIRED = ("Masa berlaku token atau tautan ini sudah lewat.", "This token or link has expired.")
ELSEWHERE = ("Tautan ini tidak menuju halaman di server ini.", "This link leads to no page of this server.")
NO_RIGHT = (
    "Token atau tautan ini tidak membuka halaman operasi.",
    "This token or link does not open the operations page.",
)


@pytest.mark.parametrize(("lang", "new_one"), [("id", "mencetak tautan baru"), ("en", "prints a new one")])
async def test_a_sign_in_that_fails_says_why_and_how_to_get_a_new_link_but_nothing_of_storing(
    site: DeadLetterSite, lang: str, new_one: str
) -> None:
    failing = {
        "bukan-token": NOT_VALID,
        expired_token(site): EXPIRED,
        f"{site.token()}&ke=//evil.example": ELSEWHERE,
        site.token("EMPLOYEE"): NO_RIGHT,
    }
    site.http.cookies.set("lang", lang)
    for token, reasons in failing.items():
        text = (await site.http.get(f"/masuk?token={token}", follow_redirects=True)).text
        assert (reasons[lang == "en"] in text, new_one in text) == (True, True), text
        assert not search("disimpan|kirim ulang|stored", text)


def expired_token(site: DeadLetterSite) -> str:
    return site.issuer.sign("wahyu", lifetime=-3600, roles=["OPS"], region="32")


async def test_a_decision_with_an_expired_token_says_that_it_was_not_stored(site: DeadLetterSite) -> None:
    answer = await send_form(site, {**SAME_SITE, "cookie": f"piket_token={expired_token(site)}"})
    assert (answer.status_code, "Keputusan Anda tidak disimpan." in answer.text) == (401, True)


async def test_outside_a_demo_the_link_is_refused(tmp_path: Path) -> None:
    async with dead_letter_site(tmp_path, sign_in_by_link=False) as site:
        answer = await site.http.get("/masuk", params={"token": site.token()})
        assert (answer.status_code, "piket_token" in answer.headers.get("set-cookie", "")) == (403, False)
        assert "gerbang identitas" in (await site.http.get(PAGE)).text


@pytest_asyncio.fixture
async def site_of_an_issuer_that_is_away(tmp_path: Path) -> AsyncIterator[DeadLetterSite]:
    async with dead_letter_site(tmp_path, sign_in_by_link=False) as site:
        settings = Settings(issuer="https://sso.example/realms/piket")
        away = IssuerClient(settings, httpx.MockTransport(lambda _: httpx.Response(502)))
        site.app.state.sign_in = SignIn(away, "piket-pages")
        yield site


async def test_an_expired_session_is_renewed_when_a_person_opens_the_page_but_not_for_a_script(
    site_of_an_issuer_that_is_away: DeadLetterSite,
) -> None:
    site = site_of_an_issuer_that_is_away
    cookie = {"cookie": f"piket_token={expired_token(site)}"}
    answer = await site.http.get(PAGE, headers={**cookie, "sec-fetch-mode": "navigate"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/masuk?ke={PAGE}")
    assert (await site.http.get(PAGE, headers={**cookie, "sec-fetch-mode": "cors"})).status_code == 401
    assert (await site.http.get(PAGE, headers={"sec-fetch-mode": "navigate"})).status_code == 401, "nobody signed in"


async def test_without_the_issuer_nobody_signs_in_but_everybody_signs_out(
    site_of_an_issuer_that_is_away: DeadLetterSite,
) -> None:
    site = site_of_an_issuer_that_is_away
    answer = await site.http.get("/masuk", params={"ke": PAGE})
    assert (answer.status_code, "Penerbit identitas tidak menjawab" in answer.text) == (503, True)
    out = await site.http.get("/keluar")
    removed = [cookie.partition("=")[0] for cookie in out.headers.get_list("set-cookie") if "Max-Age=0" in cookie]
    assert (out.headers["location"], removed) == ("/", ["piket_token", "piket_id"])


@pytest.mark.parametrize(
    ("address", "flag"),
    [
        ("https://piket.example", "secure"),
        ("http://piket.example", "secure"),
        ("http://localhost", ""),
        ("http://[::1]", ""),
    ],
)
async def test_only_over_plain_http_on_this_computer_a_cookie_is_not_secure(
    site: DeadLetterSite, address: str, flag: str
) -> None:
    answer = await site.http.get(f"{address}/masuk", params={"token": site.token(), "ke": PAGE})
    assert ("secure" in answer.headers["set-cookie"].lower()) == bool(flag)


@pytest.mark.parametrize("csrf", ["", "x", "0" * 64])
async def test_a_form_of_another_session_decides_nothing(site: DeadLetterSite, csrf: str) -> None:
    site.records.put_aside(site.stored[0], WRONG_KEY, at("07:41"))
    assert ((await send_form(site, csrf=csrf)).status_code, await site.facts()) == (403, [])
