"""Protects forms against requests that another site lets a browser send (CSRF)."""

import hmac

from fastapi import Request

from shared.web.problem import Problem
from shared.web.sign_in.session import SignedIn

FIELD = "csrf"


def form_token(session_token: str) -> str:
    """Return the value of the hidden field `csrf`: only who knows the token of the session can compute it."""
    return hmac.digest(session_token.encode(), b"piket form", "sha256").hex()


def require_own_form(request: Request, signed_in: SignedIn, token: str) -> None:
    """Raise a 403 problem if a form with a cookie was not sent by a page that this server made for this session."""
    if not signed_in.by_cookie:
        return
    if not is_same_origin(request) or not hmac.compare_digest(token.encode(), form_token(signed_in.token).encode()):
        raise Problem("forbidden")


def is_foreign(request: Request) -> bool:
    """Return whether a page of another server sent the browser here. A browser that does not say so is trusted."""
    return request.headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}


def is_same_origin(request: Request) -> bool:
    """Return whether a page of this server sent the request, by `Sec-Fetch-Site`, or `Origin` of older browsers."""
    fetch_site = request.headers.get("sec-fetch-site")
    if fetch_site:
        return fetch_site == "same-origin"
    return request.headers.get("origin", "").partition("://")[2] == request.headers.get("host")
