"""Sends the form of the operators' page as a browser does."""

from collections.abc import Mapping
from urllib.parse import urlencode

import httpx

from shared.web.sign_in import form_token
from tests.support.dead_letter_site import TOPIC, DeadLetterSite

PAGE = "/operasi"
SAME_SITE = {"sec-fetch-site": "same-origin"}


async def send_form(site: DeadLetterSite, headers: Mapping[str, str] = SAME_SITE, **fields: str) -> httpx.Response:
    """Replay a letter with the session of an operator; `fields` and `headers` replace what is sent."""
    token = site.token()
    form = {
        "tindakan": "kirim-ulang",
        "topic": TOPIC,
        "partition": "1",
        "offset": "0",
        "kunci": "kunci-0001",
        "csrf": form_token(token),
        **fields,
    }
    cookies = {"cookie": f"piket_token={token}", "content-type": "application/x-www-form-urlencoded"}
    return await site.http.post(PAGE, content=urlencode(form), headers={**cookies, **headers})
