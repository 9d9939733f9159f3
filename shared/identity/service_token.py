"""Gets the token with which a service reads the feed of another: from the issuer, or in a demo from a file."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple

import httpx

from shared.identity.issuer import IssuerClient, IssuerRefused, IssuerUnreachable
from shared.settings import Settings
from shared.settings.secret_files import UnreadableSecret, read_secret

RENEW_BEFORE_S = 30
"""A token is renewed so long before it expires: it must last until the other service has verified it."""


class NoServiceToken(httpx.HTTPError):
    """A service has no token. An HTTP error like those of the feed itself, so readers try again."""


class CachedToken(NamedTuple):
    """A token, and until when it is used, in seconds of the clock of its cache."""

    token: str
    use_until: float


class ServiceTokens:
    """The tokens of a service, one for each region. Each is kept until shortly before it expires."""

    def __init__(
        self, settings: Settings, issuer: IssuerClient | None = None, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings, self._seconds = settings, seconds
        self._issuer = issuer or (IssuerClient(settings) if settings.client_id else None)
        self._cached: dict[str, CachedToken] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def token(self, region: str) -> str:
        """Return a token for the feeds of a region. Raise `NoServiceToken`."""
        try:
            return await self._token(region)
        except UnreadableSecret as error:
            raise NoServiceToken(error.fault) from error

    async def _token(self, region: str) -> str:
        if self._issuer is None:
            return self._settings.token(region)
        async with self._locks[region]:
            cached = self._cached.get(region)
            if cached is None or self._seconds() >= cached.use_until:
                cached = self._cached[region] = await self._request(self._issuer, region)
        return cached.token

    def forget(self, region: str) -> None:
        """Drop the token of a region: a service refused it, because the issuer has changed its keys since."""
        self._cached.pop(region, None)

    async def _request(self, issuer: IssuerClient, region: str) -> CachedToken:
        grant = {
            "grant_type": "client_credentials",
            "client_id": self._settings.client_id.format(region=region),
            "client_secret": read_secret(
                self._settings.client_secret_file.format(region=region), "PIKET_CLIENT_SECRET_FILE"
            ),
        }
        if self._settings.token_scope:
            grant["scope"] = self._settings.token_scope.format(region=region)
        requested_at = self._seconds()
        try:
            answer = await issuer.tokens(grant, "access_token", "expires_in")
            return CachedToken(answer["access_token"], requested_at + float(answer["expires_in"]) - RENEW_BEFORE_S)
        except (IssuerRefused, IssuerUnreachable, ValueError) as error:
            raise NoServiceToken(
                f"The issuer gave the client {grant['client_id']} no token for region {region}: {error}"
            ) from error
