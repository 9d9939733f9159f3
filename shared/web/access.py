"""Authenticates requests by their bearer token and authorises actions."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from shared.identity import Action, Identity, Principal, Scope, TokenRefused, is_allowed
from shared.web.problem import RETRY_AFTER_SECONDS, Problem

_bearer = HTTPBearer(auto_error=False, bearerFormat="JWT")


async def authenticate(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Principal:
    """Return the verified principal of a request. Raise a 401 problem (RFC 6750) without a valid token."""
    if credentials is None:
        raise Problem("token-missing", {"www-authenticate": 'Bearer realm="piket"'})
    return await verified(request, credentials.credentials)


async def verified(request: Request, token: str) -> Principal:
    """Return the principal of a token. Raise a 401 problem if it is not accepted, 503 if its key cannot be read."""
    identity: Identity = request.app.state.identity
    try:
        return await identity.verify(token)
    except TokenRefused as refused:
        raise Problem(refused.slug, _refusal_headers(refused.slug)) from refused


def _refusal_headers(slug: str) -> Mapping[str, str]:
    if slug == "issuer-unreachable":
        return {"retry-after": RETRY_AFTER_SECONDS}
    return {"www-authenticate": f'Bearer realm="piket", error="invalid_token", error_description="{slug}"'}


def authorize(principal: Principal, action: Action, scope: Scope) -> None:
    """Raise a 403 problem unless the table of rights allows the action in this scope."""
    if not is_allowed(principal, action, scope):
        raise Problem("forbidden", action=action.value, region=scope.region, opd=scope.opd)
