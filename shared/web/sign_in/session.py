"""Keeps the session of a person in cookies of the browser, so that every replica of every service can answer."""

import re
from ipaddress import ip_address
from typing import NamedTuple

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from shared.identity import Principal
from shared.web.access import verified
from shared.web.problem import Problem

TOKEN_COOKIE = "piket_token"  # noqa: S105 - a name
ID_TOKEN_COOKIE = "piket_id"  # noqa: S105 - a name
SIGN_OUT_PATH = "/keluar"
LOCAL_PATH = re.compile(r"/(?![/\\])[\w/.?=&-]*")
"""A path on this server: a link may not lead to another one."""
MAX_TOKEN_LENGTH = 3800
"""Browsers drop a cookie of more than 4096 bytes, name and attributes included."""


class SignedIn(NamedTuple):
    """Who reads or decides, with the token; `by_cookie`: the browser adds the token to every request by itself."""

    principal: Principal
    token: str
    by_cookie: bool

    @property
    def region(self) -> str:
        """Return the region of the person."""
        return self.principal.region


async def signed_in(request: Request) -> SignedIn:
    """Return the person of a request, by its bearer token or its cookie. Raise a 401 problem without a valid token."""
    bearer = request.headers.get("authorization", "").partition("Bearer ")[2].strip()
    token = bearer or request.cookies.get(TOKEN_COOKIE, "")
    if not token:
        raise Problem("token-missing")
    return SignedIn(await verified(request, token), token, by_cookie=not bearer)


def require_local_path(target: str) -> str:
    """Return the target. Raise a 404 problem if it may lead to another server."""
    if not LOCAL_PATH.fullmatch(target):
        raise Problem("not-found")
    return target


def begin_session(request: Request, target: str, token: str, id_token: str = "") -> RedirectResponse:
    """Return the redirect to a page of this server that sets the cookies of a session. The tokens must be verified."""
    answer = RedirectResponse(target, status_code=303)
    set_cookie(request, answer, TOKEN_COOKIE, token)
    if id_token:
        # Only the sign-out needs it, so it is sent there only.
        set_cookie(request, answer, ID_TOKEN_COOKIE, id_token, SIGN_OUT_PATH)
    answer.headers["cache-control"] = "no-store"
    answer.headers["referrer-policy"] = "no-referrer"  # the address holds a token or a code
    return answer


def end_session(answer: Response) -> None:
    """Let the browser drop the cookies of the session."""
    answer.delete_cookie(TOKEN_COOKIE)
    answer.delete_cookie(ID_TOKEN_COOKIE, SIGN_OUT_PATH)
    answer.headers["cache-control"] = "no-store"


def set_cookie(
    request: Request, answer: Response, name: str, value: str, path: str = "/", max_age: int | None = None
) -> None:
    """Set a cookie that no script reads and no other site sends with a form.

    `lax`, not `strict`: after the redirect from the issuer a browser would not send a strict cookie.
    """
    answer.set_cookie(
        name, value, max_age, path=path, httponly=True, samesite="lax", secure=not _is_plain_loopback(request)
    )


def _is_plain_loopback(request: Request) -> bool:
    """Return whether the browser speaks plain HTTP with its own computer: there it would drop a secure cookie."""
    if request.url.scheme == "https":
        return False
    host = request.url.hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
