"""Reads the key set of the issuer from where the settings say: a file, an address, or by discovery from the issuer."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from shared.identity.issuer import IssuerClient, IssuerUnreachable
from shared.identity.key_set import UnusableKeySet, VerificationKeys, read_key_set, verification_keys
from shared.settings import Settings


class KeySource(Protocol):
    """Where the keys of the issuer are."""

    name: str

    def initial_keys(self) -> VerificationKeys:
        """Return the keys with which a process starts. Raise `UnusableKeySet`, or OSError."""

    async def read_content(self) -> bytes:
        """Return the key set as it is published now. Raise `UnusableKeySet`, or OSError."""

    async def read_keys(self) -> VerificationKeys:
        """Return the keys as they are published now, at least one. Raise `UnusableKeySet`."""


def key_source(settings: Settings) -> KeySource:
    """Return the source of the keys that the settings name."""
    if settings.jwks_file is not None:
        return FileKeys(settings.jwks_file, demo=settings.profile == "demo")
    client = IssuerClient(settings)
    return RemoteKeys(settings.jwks or settings.discovery_url(), client.key_set, demo=settings.profile == "demo")


class FileKeys:
    """A key set in a file, which may be replaced while the process runs."""

    def __init__(self, file: Path, *, demo: bool = False) -> None:
        self._file, self._demo, self.name = file, demo, str(file)

    def initial_keys(self) -> VerificationKeys:
        """Return the keys of the file, at least one. Raise `UnusableKeySet`, or FileNotFoundError."""
        return self._keys_of(self._content())

    async def read_content(self) -> bytes:
        """Return the content of the file. Raise `UnusableKeySet`, or FileNotFoundError."""
        return await asyncio.to_thread(self._content)

    async def read_keys(self) -> VerificationKeys:
        """Return the keys of the file, at least one. Raise `UnusableKeySet`."""
        try:
            return self._keys_of(await self.read_content())
        except FileNotFoundError as error:
            raise UnusableKeySet(self.name, "the file does not exist") from error

    def _content(self) -> bytes:
        try:
            return self._file.read_bytes()
        except (IsADirectoryError, PermissionError) as error:
            raise UnusableKeySet(self.name, str(error.strerror)) from error

    def _keys_of(self, content: bytes) -> VerificationKeys:
        return _at_least_one(read_key_set(content, self.name, demo=self._demo), self.name)


class RemoteKeys:
    """A key set at an address. A process starts without it, because its issuer may be away at that moment."""

    def __init__(self, name: str, read: Callable[[], Awaitable[bytes]], *, demo: bool = False) -> None:
        self.name, self._read, self._demo = name, read, demo

    def initial_keys(self) -> VerificationKeys:
        """Return no keys."""
        return {}

    async def read_content(self) -> bytes:
        """Return the answer of the issuer. Raise `UnusableKeySet`."""
        try:
            return await self._read()
        except IssuerUnreachable as error:
            raise UnusableKeySet(self.name, str(error)) from error

    async def read_keys(self) -> VerificationKeys:
        """Return the keys that the issuer publishes, at least one. Raise `UnusableKeySet`."""
        return _at_least_one(read_key_set(await self.read_content(), self.name, demo=self._demo), self.name)


def _at_least_one(key_set: Mapping[str, Any], name: str) -> VerificationKeys:
    """Return the keys of a set. Raise `UnusableKeySet` if there are none: an empty set never replaces known keys."""
    keys = verification_keys(key_set, name)
    if not keys:
        raise UnusableKeySet(name, "it has no key of type EC (P-256) or RSA (2048 bits) that signs tokens")
    return keys
