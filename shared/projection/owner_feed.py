"""Reads events from the feed of the service that owns them, where a projection misses events on Kafka."""

import json

import httpx
import rfc8785

from shared.settings import Settings

TIMEOUT_S = 10


async def read_owner_feed(settings: Settings, source: str, after: int) -> list[bytes]:
    """Return the page of events of a source after a sequence; empty at the end. Raises `httpx.HTTPError`."""
    _, _, region, service = source.split("/")
    async with httpx.AsyncClient(base_url=settings.service_url(service), timeout=TIMEOUT_S) as http:
        headers = {"authorization": f"Bearer {settings.token(region)}"}
        response = await http.get(f"/{service}/v1/{region}/feed", params={"after": after}, headers=headers)
    # The page is one JSON array; the canonical form of each member is the bytes that its owner stored.
    return [rfc8785.dumps(event) for event in json.loads(response.raise_for_status().content)]
