"""The principal behind a request, and whether it may."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from shared.identity import Action, Identity, Principal, Scope, TokenRefused, may
from shared.web.problem import Problem

_bearer = HTTPBearer(auto_error=False, bearerFormat="JWT")


async def principal(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Principal:
    """The verified principal of a request. A missing, expired or untrusted token is its own 401 (RFC 6750)."""
    if credentials is None:
        raise Problem("token-missing", {"www-authenticate": 'Bearer realm="piket"'})
    identity: Identity = request.app.state.identity
    try:
        return identity.principal(credentials.credentials)
    except TokenRefused as refused:
        challenge = f'Bearer realm="piket", error="invalid_token", error_description="{refused.slug}"'
        raise Problem(refused.slug, {"www-authenticate": challenge}) from refused


def require(principal: Principal, action: Action, scope: Scope) -> None:
    """Let pass what the table of rights allows; everything else is a 403."""
    if not may(principal, action, scope):
        raise Problem("forbidden", action=action.value, region=scope.region, opd=scope.opd)
