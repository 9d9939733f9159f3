"""Asks the token issuer over HTTP for its metadata (OpenID Connect Discovery 1.0) and its keys, within bounds."""

import asyncio
import ssl

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from shared.settings import Settings

TIMEOUT_S = 5.0
MAX_BYTES = 256 * 1024


class IssuerUnreachable(Exception):
    """The issuer did not answer as the specification says. The message is the reason, for the operator."""


class IssuerMetadata(BaseModel):
    """What the issuer says about itself: its name, and the addresses of its endpoints."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    issuer: str
    jwks_uri: str
    token_endpoint: str
    authorization_endpoint: str
    end_session_endpoint: str = ""


class IssuerClient:
    """Reads the metadata and the key set of the issuer of a deployment. `transport` replaces the network in tests."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._settings, self._transport = settings, transport
        self._metadata: IssuerMetadata | None = None
        authority = settings.issuer_ca
        # Once: reading the certificates takes tens of milliseconds.
        self._trust = ssl.create_default_context(cafile=authority) if authority else httpx.create_ssl_context()

    async def metadata(self) -> IssuerMetadata:
        """Return the metadata, read once. Raise `IssuerUnreachable`."""
        if self._metadata is None:
            self._metadata = self._validated(await self._read(self._settings.discovery_url()))
        return self._metadata

    async def key_set(self) -> bytes:
        """Return the JSON Web Key Set as it is published now. Raise `IssuerUnreachable`."""
        return await self._read(self._settings.jwks or (await self.metadata()).jwks_uri)

    def _validated(self, content: bytes) -> IssuerMetadata:
        try:
            metadata = IssuerMetadata.model_validate_json(content)
        except ValidationError as error:
            raise IssuerUnreachable(f"{self._settings.discovery_url()} is no OpenID provider metadata") from error
        # Section 4.3 of the specification: otherwise the keys of another issuer would be trusted.
        if metadata.issuer != self._settings.issuer:
            raise IssuerUnreachable(f"its metadata names the issuer {metadata.issuer!r}, not PIKET_ISSUER")
        return metadata

    async def _read(self, url: str) -> bytes:
        try:
            async with asyncio.timeout(TIMEOUT_S), self.http() as http, http.stream("GET", url) as answer:
                answer.raise_for_status()
                return await _bounded(answer, url)
        except TimeoutError as error:
            raise IssuerUnreachable(f"{url} did not answer within {TIMEOUT_S:g} s") from error
        except httpx.HTTPStatusError as error:
            raise IssuerUnreachable(f"{url} answered {error.response.status_code}") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise IssuerUnreachable(f"{url} did not answer ({type(error).__name__})") from error

    def http(self) -> httpx.AsyncClient:
        """Return a new client for the issuer. It follows no redirect."""
        return httpx.AsyncClient(timeout=TIMEOUT_S, verify=self._trust, transport=self._transport)


async def _bounded(answer: httpx.Response, url: str) -> bytes:
    content = b""
    async for part in answer.aiter_bytes():
        content += part
        if len(content) > MAX_BYTES:
            raise IssuerUnreachable(f"{url} answered more than {MAX_BYTES} bytes")
    return content
