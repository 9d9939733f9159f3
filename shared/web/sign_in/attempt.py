"""Remembers an attempt to sign in, in a cookie of the browser that made it."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from secrets import token_urlsafe

from fastapi import Request
from pydantic import TypeAdapter, ValidationError
from starlette.responses import Response

from shared.web.sign_in.session import set_cookie

COOKIE = "piket_masuk_"
PATH = "/masuk"
LIFETIME_S = 600


@dataclass(frozen=True)
class Attempt:
    """What the answer of the issuer must fit: state and nonce, and the secret of PKCE; then the page to show."""

    target: str
    state: str = field(default_factory=token_urlsafe)
    nonce: str = field(default_factory=token_urlsafe)
    verifier: str = field(default_factory=lambda: token_urlsafe(48))

    @classmethod
    def of(cls, request: Request) -> "Attempt | None":
        """Return the attempt to which an answer of the issuer belongs, None if this browser made no such one."""
        state = request.query_params.get("state", "")
        try:
            attempt = _attempts.validate_json(urlsafe_b64decode(request.cookies.get(_name(state), "")))
        except (ValidationError, ValueError):
            return None
        return attempt if hmac.compare_digest(attempt.state.encode(), state.encode()) else None

    def remember(self, request: Request, answer: Response) -> None:
        """Set the cookie of this attempt. Each has its own: two pages may renew their session at the same time."""
        value = urlsafe_b64encode(_attempts.dump_json(self)).decode()
        set_cookie(request, answer, _name(self.state), value, PATH, LIFETIME_S)

    def forget(self, answer: Response) -> None:
        """Let the browser drop the cookie: no answer of the issuer is used twice."""
        answer.delete_cookie(_name(self.state), PATH)


_attempts = TypeAdapter(Attempt)


def _name(state: str) -> str:
    return f"{COOKIE}{state[:8]}"
