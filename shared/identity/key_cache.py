"""Keeps the public keys of the issuer in memory: they outlast an outage of the issuer, and follow a rotation."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import jwt
import structlog
from prometheus_client import REGISTRY, Gauge

from shared.background import background_task
from shared.identity.key_set import UnusableKeySet, VerificationKeys
from shared.outage_log import OutageLog

REFRESH_EVERY_S = 300
"""A key that the issuer has withdrawn is accepted for this long at most, while the issuer answers."""
RETRY_EVERY_S = 1
"""How often the issuer is asked while no key is known: services start before their issuer answers."""
RETRY_WITH_KEYS_EVERY_S = 30
"""How often the issuer is asked while it does not answer, and known keys are in use."""
UNKNOWN_KEY_EVERY_S = 60
"""At most this often does a token with an unknown key cause a question to the issuer."""

READABLE = Gauge("piket_issuer_keys_readable", "1 while the key set of the token issuer can be read", registry=None)
"""Registered by a process that reads keys: others import this module too, and must not say that they cannot."""

log = structlog.get_logger()


class KeyCache:
    """The keys of a key set. `read_keys` reads the set again; without it the keys never change."""

    def __init__(
        self,
        keys: VerificationKeys,
        read_keys: Callable[[], Awaitable[VerificationKeys]] | None = None,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._keys, self._read_keys, self._seconds = keys, read_keys, seconds
        self._next_for_unknown = 0.0
        self._reading: asyncio.Task[None] | None = None
        self._outage = OutageLog("Key set not read; known keys stay in use", "The key set can be read again")
        self.unreadable = "" if keys or read_keys is None else "the key set has not been read yet"
        """Why the key set could not be read at the last attempt; empty if it was."""

    @property
    def ready(self) -> bool:
        """Return whether there is a key, so that tokens can be verified."""
        return bool(self._keys)

    def find(self, key_id: str) -> jwt.PyJWK | None:
        """Return the key with an id, None if the set had none when it was read."""
        return self._keys.get(key_id)

    async def refresh(self) -> None:
        """Read the key set again. If it cannot be read, keep the keys. Calls at the same time share one reading."""
        if self._read_keys is None:
            return
        if self._reading is None or not self._is_reading():
            self._reading = asyncio.create_task(self._read(self._read_keys))
        # Shielded: a client that disconnects must not end the reading for which others wait.
        await asyncio.shield(self._reading)

    async def refresh_for_unknown_key(self) -> None:
        """Read the key set again because of a token with an unknown key, unless that happened within a minute.

        While no key is known at all, `kept_current` asks often enough. A reading under way is waited for.
        """
        if self._is_reading():
            await self.refresh()
        elif self.ready and self._seconds() >= self._next_for_unknown:
            self._next_for_unknown = self._seconds() + UNKNOWN_KEY_EVERY_S
            await self.refresh()

    def _is_reading(self) -> bool:
        return self._reading is not None and not self._reading.done()

    @asynccontextmanager
    async def kept_current(self) -> AsyncIterator[None]:
        """Read the key set regularly inside the block."""
        if self._read_keys is None:
            yield
            return
        with suppress(ValueError):  # registered already: a process may serve several applications
            REGISTRY.register(READABLE)
        async with background_task(self._refresh_regularly()):
            yield

    async def _refresh_regularly(self) -> None:
        while True:
            await self.refresh()
            await asyncio.sleep(self._pause())

    def _pause(self) -> float:
        """Return the seconds until the next reading."""
        if not self.ready:
            return RETRY_EVERY_S
        return RETRY_WITH_KEYS_EVERY_S if self.unreadable else REFRESH_EVERY_S

    async def _read(self, read_keys: Callable[[], Awaitable[VerificationKeys]]) -> None:
        try:
            keys = await read_keys()
        except UnusableKeySet as error:
            self._keep_known_keys(error.reason)
            return
        except Exception as error:  # noqa: BLE001 - whatever it is: without this task keys would never be read again
            self._keep_known_keys(f"unexpected {type(error).__name__}", error)
            return
        if keys.keys() != self._keys.keys():
            log.info("Key set read", keys=sorted(keys))
        self._outage.succeeded()
        self._keys, self.unreadable = keys, ""
        READABLE.set(1)

    def _keep_known_keys(self, reason: str, defect: Exception | None = None) -> None:
        """Note why the key set could not be read."""
        self._outage.failed(reason, known=len(self._keys), exc_info=defect)
        self.unreadable = reason
        READABLE.set(0)
