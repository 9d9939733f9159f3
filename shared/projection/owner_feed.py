"""Reads events from the feed of the service that owns them, where a projection misses events on Kafka."""

import json

import httpx
import rfc8785

from shared.identity.service_token import ServiceTokens
from shared.settings import Settings

TIMEOUT_S = 10


class OwnerFeed:
    """The feeds of all services, read with the token of this one."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._tokens = settings, ServiceTokens(settings)

    async def read(self, source: str, after: int) -> list[bytes]:
        """Return the page of events of a source after a sequence; empty at the end. Raises `httpx.HTTPError`."""
        _, _, region, service = source.split("/")
        headers = {"authorization": f"Bearer {await self._tokens.token(region)}"}
        async with httpx.AsyncClient(base_url=self._settings.service_url(service), timeout=TIMEOUT_S) as http:
            response = await http.get(f"/{service}/v1/{region}/feed", params={"after": after}, headers=headers)
        if response.status_code == httpx.codes.UNAUTHORIZED:
            self._tokens.forget(region)
        # The page is one JSON array; the canonical form of each member is the bytes that its owner stored.
        return [rfc8785.dumps(event) for event in json.loads(response.raise_for_status().content)]
