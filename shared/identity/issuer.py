"""Asks the token issuer over HTTP for its metadata (OpenID Connect Discovery 1.0) and its keys, within bounds."""

import asyncio
import json
import ssl
from collections.abc import Mapping

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from shared.settings import Settings

TIMEOUT_S = 5.0
MAX_BYTES = 256 * 1024
REFUSED = {400, 401, 403}
"""How a token endpoint says that a grant is refused (RFC 6749, section 5.2)."""


class IssuerUnreachable(Exception):
    """The issuer did not answer as the specification says. The message is the reason, for the operator."""


class IssuerRefused(Exception):
    """The issuer gave no token. `code` is its error (RFC 6749, section 5.2); the message says it with a description."""

    def __init__(self, code: str, description: str = "") -> None:
        super().__init__(f"{code}: {description}".rstrip(": "))
        self.code = code


class IssuerMetadata(BaseModel):
    """What the issuer says about itself: its name, and the addresses of its endpoints."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    issuer: str
    jwks_uri: str
    token_endpoint: str
    authorization_endpoint: str
    end_session_endpoint: str = ""
    device_authorization_endpoint: str = ""


class DeviceCode(BaseModel):
    """What a person needs to sign in on another device (RFC 8628, section 3.2). Times are in seconds."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    device_code: str
    user_code: str
    verification_uri: str
    expires_in: int
    interval: int = 5


class IssuerClient:
    """Reads the metadata and the key set of the issuer of a deployment. `transport` replaces the network in tests."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._settings, self._transport = settings, transport
        self._metadata: IssuerMetadata | None = None
        # Once: reading the certificates takes tens of milliseconds. Without a file those of the operating system: httpx
        # would read those of a Python package (certifi), which lack the authority of an office.
        self._trust = ssl.create_default_context(cafile=settings.issuer_ca or None)

    async def metadata(self) -> IssuerMetadata:
        """Return the metadata, read once. Raise `IssuerUnreachable`."""
        if self._metadata is None:
            self._metadata = self._validated(await self._read(self._settings.discovery_url()))
        return self._metadata

    async def key_set(self) -> bytes:
        """Return the JSON Web Key Set as it is published now. Raise `IssuerUnreachable`."""
        return await self._read(self._settings.jwks or (await self.metadata()).jwks_uri)

    async def tokens(self, grant: Mapping[str, str], *names: str) -> dict[str, str]:
        """Return members of the answer to a grant (RFC 6749). Raise `IssuerRefused` or `IssuerUnreachable`."""
        url = self._settings.token_url or (await self.metadata()).token_endpoint
        try:
            members = json.loads(await self._read(url, grant))
            return {name: str(members[name]) for name in names}
        except (ValueError, LookupError, TypeError) as error:
            raise IssuerUnreachable(f"{url} gave an answer without tokens") from error

    async def device_code(self, client_id: str) -> DeviceCode:
        """Return a new code with which a person signs in. Raise `IssuerRefused` or `IssuerUnreachable`."""
        url = (await self.metadata()).device_authorization_endpoint
        if not url:
            raise IssuerUnreachable("its metadata names no device_authorization_endpoint")
        try:
            return DeviceCode.model_validate_json(await self._read(url, {"client_id": client_id}))
        except ValidationError as error:
            raise IssuerUnreachable(f"{url} gave an answer without a code") from error

    def _validated(self, content: bytes) -> IssuerMetadata:
        try:
            metadata = IssuerMetadata.model_validate_json(content)
        except ValidationError as error:
            raise IssuerUnreachable(f"{self._settings.discovery_url()} is no OpenID provider metadata") from error
        # Section 4.3 of the specification: otherwise the keys of another issuer would be trusted.
        if metadata.issuer != self._settings.issuer:
            raise IssuerUnreachable(f"its metadata names the issuer {metadata.issuer!r}, not PIKET_ISSUER")
        return metadata

    async def _read(self, url: str, form: Mapping[str, str] | None = None) -> bytes:
        method = "POST" if form else "GET"
        try:
            async with asyncio.timeout(TIMEOUT_S), self._http() as http, http.stream(method, url, data=form) as answer:
                content = await _bounded(answer, url)
                if form and answer.status_code in REFUSED:
                    raise _refusal(content)
                answer.raise_for_status()
                return content
        except TimeoutError as error:
            raise IssuerUnreachable(f"{url} did not answer within {TIMEOUT_S:g} s") from error
        except httpx.HTTPStatusError as error:
            raise IssuerUnreachable(f"{url} answered {error.response.status_code}") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = f"{type(error).__name__}: {error}".rstrip(": ")
            raise IssuerUnreachable(f"{url} did not answer ({reason})") from error

    def _http(self) -> httpx.AsyncClient:
        """Return a new client for the issuer. It follows no redirect."""
        return httpx.AsyncClient(timeout=TIMEOUT_S, verify=self._trust, transport=self._transport)


def _refusal(content: bytes) -> IssuerRefused:
    """Return a refusal with its code and description, which hold no secret."""
    try:
        members = json.loads(content)
        return IssuerRefused(str(members["error"]), members.get("error_description", ""))
    except (ValueError, LookupError, TypeError, AttributeError):
        return IssuerRefused("no reason given")


async def _bounded(answer: httpx.Response, url: str) -> bytes:
    content = b""
    async for part in answer.aiter_bytes():
        content += part
        if len(content) > MAX_BYTES:
            raise IssuerUnreachable(f"{url} answered more than {MAX_BYTES} bytes")
    return content
