"""Signs operators in: the token comes with the request, or in a cookie of this module or of the identity gateway."""

import re
from typing import NamedTuple

from fastapi import Request
from starlette.responses import RedirectResponse

from shared.identity import Action, Identity, Principal, Scope, TokenRefused
from shared.web import Problem, authorize

COOKIE = "piket_token"
LOCAL_PATH = re.compile(r"/(?![/\\])[\w/.?=&-]*")
"""A path on this server: a link may not lead to another one."""


class SignedIn(NamedTuple):
    """Who reads or decides, with the token; `by_cookie`: the browser adds the token to every request by itself."""

    principal: Principal
    token: str
    by_cookie: bool

    @property
    def region(self) -> str:
        """Return the region that the operator watches."""
        return self.principal.region


def operator(request: Request) -> SignedIn:
    """Return the operator of a request. Raise a 401 problem without a valid token, 403 without the right."""
    bearer = request.headers.get("authorization", "").partition("Bearer ")[2].strip()
    token = bearer or request.cookies.get(COOKIE, "")
    if not token:
        raise Problem("token-missing")
    principal = verified(request, token)
    authorize(principal, Action.OPERATE, Scope(principal.region))
    return SignedIn(principal, token, by_cookie=not bearer)


def verified(request: Request, token: str) -> Principal:
    """Return the principal of a token. Raise a 401 problem if it is not valid."""
    identity: Identity = request.app.state.identity
    try:
        return identity.principal(token)
    except TokenRefused as refused:
        raise Problem(refused.slug) from refused


def redirect_with_cookie(request: Request, token: str, target: str) -> RedirectResponse:
    """Return the redirect that signs in. Raise a problem for an invalid token, or a target on another server."""
    if not LOCAL_PATH.fullmatch(target):
        raise Problem("not-found")
    verified(request, token)
    answer = RedirectResponse(target, status_code=303)
    # Strict: no other site can make the browser send it. The browser drops it when it is closed.
    answer.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=request.url.scheme == "https")
    answer.headers["cache-control"] = "no-store"
    answer.headers["referrer-policy"] = "no-referrer"  # the address holds the token
    return answer


def require_same_site(request: Request, signed_in: SignedIn) -> None:
    """Raise a 403 problem if a form with a cookie was not sent by a page of this server (CSRF)."""
    if not signed_in.by_cookie:
        return
    fetch_site = request.headers.get("sec-fetch-site")
    origin_host = request.headers.get("origin", "").partition("://")[2]
    same_origin = fetch_site == "same-origin" if fetch_site else origin_host == request.headers.get("host")
    if not same_origin:
        raise Problem("forbidden")
