"""Checks the form that enacts a shipped instrument: accepted tokens, stored events and error messages."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import pytest_asyncio

from deploy.local.deadlines import scaled
from shared.settings import Settings
from shared.web.sign_in import SignIn, form_token
from tests.browser.rules_server import RulesServer
from tests.support.waiting import LIMIT_S

SE_188 = "jabar-2026-se-188"
KEY = "kunci-formulir-0001"
BEARS = "application/x-www-form-urlencoded"


class Form:
    """The page of West Java without SE 188, and the requests of its form."""

    def __init__(self, server: RulesServer, address: str, http: httpx.AsyncClient) -> None:
        self.server, self.address, self.http = server, address, http

    async def send(self, token: str, **fields: str) -> httpx.Response:
        body = urlencode({"contoh": SE_188, "kunci": KEY, "token": token} | fields)
        return await self.http.post(self.address, content=body, headers={"content-type": BEARS})

    def token(self, role: str = "PERSONNEL", region: str = "32") -> str:
        return self.server.issuer.sign("sri", roles=[role], region=region)

    async def recorded(self) -> Any:
        return (await self.server.instruments("32")).get(SE_188)


@pytest_asyncio.fixture
async def form(tmp_path: Path) -> AsyncIterator[Form]:
    server = RulesServer(tmp_path)
    async with server.serve("32", [SE_188]) as address, httpx.AsyncClient(timeout=scaled(LIMIT_S)) as http:
        yield Form(server, address, http)


async def test_the_official_is_sent_to_the_page_that_shows_the_new_state(form: Form) -> None:
    answer = await form.send(form.token())
    assert (answer.status_code, answer.headers["location"]) == (303, f"/aturan/32?tercatat={SE_188}")
    page = (await form.http.get(form.address + f"?tercatat={SE_188}")).text
    assert ("SE 188/KPG.03/BKD tercatat." in page, "5 instrumen berlaku, 2 konflik" in page) == (True, True)


async def test_the_same_form_sent_twice_enacts_once(form: Form) -> None:
    answers = [(await form.send(form.token())).status_code for _ in range(2)]
    events = await form.server.app.state.store.read_stream("instruments/32")
    assert (answers, sum(SE_188 in str(e.data) and e.data.TYPE.endswith("enacted.v1") for e in events)) == (
        [303, 303],
        1,
    )


async def test_recorded_late_it_binds_from_today_unless_an_office_attests_its_publication(form: Form) -> None:
    await form.send(form.token(), menegaskan="kepala bkd")
    assert (await form.recorded()).versions[0][1:] == (form_day("2026-01-01"), "KEPALA_BKD")


def form_day(text: str) -> Any:
    from datetime import date

    return date.fromisoformat(text)


REFUSED = {
    "no token": (lambda _: "", 401, "Masuk atau isi token Anda"),
    "nonsense": (lambda _: "bukan-token", 401, "Token tidak dapat dipercaya"),
    "a clerk's": (lambda form: form.token("EMPLOYEE"), 403, "Peran Anda tidak mencakup"),
    "another region's": (lambda form: form.token(region="3276"), 403, "Peran Anda tidak mencakup"),
}


@pytest.mark.parametrize(("token", "status", "expected"), REFUSED.values(), ids=REFUSED.keys())
async def test_a_token_that_may_not_enact_stores_nothing_and_is_never_given_back(
    form: Form, token: Any, status: int, expected: str
) -> None:
    bearer = token(form)
    answer = await form.send(bearer, menegaskan="Kepala BKD")
    assert (answer.status_code, expected in answer.text, 'value="Kepala BKD"' in answer.text, KEY in answer.text) == (
        status, True, True, True,
    )  # fmt: skip
    assert (await form.recorded(), bearer != "" and bearer in answer.text) == (None, False)


async def test_a_refusal_is_in_the_language_of_the_reader(form: Form) -> None:
    form.http.cookies.set("lang", "en")
    assert "The token cannot be trusted here. Nothing was stored" in (await form.send("bukan-token")).text


async def test_the_name_of_a_person_is_no_office(form: Form) -> None:
    answer = await form.send(form.token(), menegaskan="Ñ")
    assert (answer.status_code, "Tulis nama jabatan" in answer.text) == (422, True)


async def test_an_instrument_of_another_government_is_not_found_among_the_examples(form: Form) -> None:
    answer = await form.send(form.token(), contoh="depok-2026-se-42")
    assert (answer.status_code, "hanya" in answer.text or "yang menetapkan ialah" in answer.text) == (422, True)


async def test_an_unknown_example_is_not_found(form: Form) -> None:
    assert (await form.send(form.token(), contoh="tidak-ada")).status_code == 404


async def test_a_key_that_served_another_form_is_refused_and_a_new_one_is_made(form: Form) -> None:
    await form.send(form.token(), menegaskan="KEPALA_BKD")
    answer = await form.send(form.token())
    assert (answer.status_code, KEY in answer.text) == (422, False)


async def test_the_page_needs_no_token_and_lets_no_cache_keep_a_refusal(form: Form) -> None:
    page, refused = await form.http.get(form.address), await form.send("")
    assert (page.status_code, refused.headers["cache-control"]) == (200, "no-store")


async def test_the_switch_of_language_keeps_the_date(form: Form) -> None:
    page = (await form.http.get(form.address + "?tanggal=2026-02-23&theme=dark")).text
    assert 'href="?tanggal=2026-02-23&amp;lang=en"' in page


async def test_who_has_signed_in_needs_no_token_but_a_form_of_the_session(form: Form) -> None:
    cookie = {"cookie": f"piket_token={form.token()}", "content-type": BEARS, "sec-fetch-site": "same-origin"}
    fields, token = {"contoh": SE_188, "kunci": KEY}, cookie["cookie"].partition("=")[2]
    for csrf, status in (("", 403), ("0" * 64, 403), (form_token(token), 303)):
        answer = await form.http.post(form.address, content=urlencode(fields | {"csrf": csrf}), headers=cookie)
        assert answer.status_code == status
    foreign = cookie | {"sec-fetch-site": "cross-site"}
    answer = await form.http.post(
        form.address, content=urlencode(fields | {"csrf": form_token(token)}), headers=foreign
    )
    assert answer.status_code == 403


async def test_the_form_shows_the_way_to_sign_in_and_no_token_of_the_session(form: Form) -> None:
    address, token = f"{form.address}?contoh={SE_188}", form.token()
    assert 'name="token"' in (await form.http.get(address)).text
    signed_in = (await form.http.get(address, headers={"cookie": f"piket_token={token}"})).text
    assert (form_token(token) in signed_in, token in signed_in, 'name="token"' in signed_in) == (True, False, False)
    settings = Settings(issuer="https://sso.example/realms/piket")
    form.server.app.state.sign_in = SignIn.from_settings(settings)
    assert f"/masuk?ke=/aturan/32?contoh={SE_188}" in (await form.http.get(address)).text
