"""Gives tokens of the real Keycloak: creates the people of an office in its realm, and signs in as them."""

import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from deploy.local.token_issuer import USERS

CLIENT = "piket-test"
"""A client that may ask for a token with a password. The realm that ships has none."""
RENEW_AFTER_S = 120
"""Shorter than any lifetime of tokens that the realm gives."""


@dataclass
class Realm:
    """The realm `piket` behind the gateway, and its administrator behind the port of this server."""

    public: httpx.Client
    admin: httpx.Client
    admin_password: str
    _passwords: dict[str, str] = field(default_factory=dict)
    _tokens: dict[str, tuple[str, float]] = field(default_factory=dict)

    def prepare(self) -> None:
        """Create the client with which the people of the test sign in."""
        body = {"clientId": CLIENT, "publicClient": True, "directAccessGrantsEnabled": True}
        self._create("clients", {**body, "defaultClientScopes": ["piket"], "fullScopeAllowed": True})

    def token(self, user: str) -> str:
        """Return a token of an example user."""
        return self.sign(user, **USERS[user])

    def sign(self, subject: str, **claims: Any) -> str:
        """Return a token of a person with these claims, who is created if the realm does not know them."""
        if subject not in self._passwords:
            self._create_user(subject, **claims)
        token, renew_at = self._tokens.get(subject, ("", 0.0))
        if renew_at < time.monotonic():
            token = self._grant(self.public, "piket", CLIENT, subject, self._passwords[subject])
            self._tokens[subject] = (token, time.monotonic() + RENEW_AFTER_S)
        return token

    def names(self) -> set[str]:
        """Return the names of all people of the realm."""
        return {user["username"] for user in self._administer("GET", "users?max=1000").json()}

    def _create_user(self, name: str, roles: list[str], **attributes: str) -> None:
        self._passwords[name] = password = secrets.token_urlsafe(24)
        credentials = [{"type": "password", "value": password, "temporary": False}]
        body = {"username": name, "enabled": True, "credentials": credentials}
        user = self._create("users", {**body, "attributes": {key: [value] for key, value in attributes.items()}})
        known = [self._administer("GET", f"roles/{role}").json() for role in roles]
        self._administer("POST", f"users/{user}/role-mappings/realm", known)

    def _create(self, kind: str, body: dict[str, Any]) -> str:
        """Create something in the realm and return its id."""
        return self._administer("POST", kind, body).headers["location"].rpartition("/")[2]

    def _administer(self, method: str, path: str, body: Any = None) -> httpx.Response:
        token = self._grant(self.admin, "master", "admin-cli", "admin", self.admin_password)
        headers = {"authorization": f"Bearer {token}"}
        return _success(self.admin.request(method, f"/auth/admin/realms/piket/{path}", json=body, headers=headers))

    def _grant(self, http: httpx.Client, realm: str, client: str, user: str, password: str) -> str:
        form = {"grant_type": "password", "client_id": client, "username": user, "password": password}
        answer = http.post(f"/auth/realms/{realm}/protocol/openid-connect/token", data=form)
        return str(_success(answer).json()["access_token"])


def _success(answer: httpx.Response) -> httpx.Response:
    if answer.is_error:
        raise RuntimeError(f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}")
    return answer
