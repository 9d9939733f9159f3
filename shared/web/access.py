"""Authenticates requests by their bearer token and authorises actions."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from shared.identity import Action, Identity, Principal, Scope, TokenRefused, is_allowed
from shared.web.problem import Problem

_bearer = HTTPBearer(auto_error=False, bearerFormat="JWT")


async def authenticate(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Principal:
    """Return the verified principal of a request. Raise a 401 problem (RFC 6750) without a valid token."""
    if credentials is None:
        raise Problem("token-missing", {"www-authenticate": 'Bearer realm="piket"'})
    identity: Identity = request.app.state.identity
    try:
        return identity.principal(credentials.credentials)
    except TokenRefused as refused:
        challenge = f'Bearer realm="piket", error="invalid_token", error_description="{refused.slug}"'
        raise Problem(refused.slug, {"www-authenticate": challenge}) from refused


def authorize(principal: Principal, action: Action, scope: Scope) -> None:
    """Raise a 403 problem unless the table of rights allows the action in this scope."""
    if not is_allowed(principal, action, scope):
        raise Problem("forbidden", action=action.value, region=scope.region, opd=scope.opd)
