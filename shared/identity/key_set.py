"""Reads a JSON Web Key Set (RFC 7517): which keys may sign tokens, each by one algorithm."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jwt
import structlog

from shared.settings.identity import DEMO_KEY_ID

VerificationKeys = Mapping[str, jwt.PyJWK]
"""Public keys by key id. A key carries its algorithm, so the header of a token cannot choose another one."""

ALGORITHMS: Mapping[str, str] = {"EC": "ES256", "RSA": "RS256"}
"""The algorithm of each type of key. Another type, such as a shared secret (`oct`), signs no token."""

MIN_RSA_BITS = 2048

log = structlog.get_logger()


class UnusableKeySet(Exception):
    """The key set cannot be read, or is none. The message is for the operator; `source` is its file or address."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(
            f"The key set {source} (PIKET_JWKS) cannot be used: {reason}. Nothing was started."
            " Replace it by the JSON Web Key Set of the issuer, then start again."
        )
        self.reason = reason


def read_key_set(content: bytes, source: str, *, demo: bool = False) -> Mapping[str, Any]:
    """Return a key set as JSON. Raise `UnusableKeySet` if it is none, or outside a demo the one of a demo."""
    try:
        key_set: Mapping[str, Any] = json.loads(content.decode())
        key_ids = [key.get("kid") for key in _members(key_set) if isinstance(key, dict)]
    except UnicodeDecodeError as error:
        raise UnusableKeySet(source, "it is not a text file") from error
    except json.JSONDecodeError as error:
        raise UnusableKeySet(source, f"it is not JSON, line {error.lineno}") from error
    except (LookupError, TypeError, AttributeError, RecursionError) as error:
        raise UnusableKeySet(source, "it is JSON, but no JSON Web Key Set") from error
    if DEMO_KEY_ID in key_ids and not demo:
        raise UnusableKeySet(source, "it holds the key of a demo, whose holder signs tokens for anybody")
    return key_set


def _members(key_set: Mapping[str, Any]) -> list[Any]:
    """Return the keys of a set as JSON. Raise TypeError if they are no list."""
    if isinstance(key_set["keys"], list):
        return key_set["keys"]
    raise TypeError


def verification_keys(key_set: Mapping[str, Any], source: str) -> VerificationKeys:
    """Return the keys that may sign tokens; skip those for other purposes, and those that are faulty."""
    keys = (_verification_key(key, source) for key in key_set["keys"])
    return {key.key_id: key for key in keys if key and key.key_id}


def _verification_key(key: Any, source: str) -> jwt.PyJWK | None:  # noqa: ANN401 - JSON of the issuer
    """Return a key that may sign tokens, None if it may not. A key that cannot be read takes no other key away."""
    try:
        verifying = jwt.PyJWK(dict(key), ALGORITHMS[key["kty"]]) if _signs_tokens(key) else None
        return verifying if verifying and _is_strong(verifying) else None
    except Exception as error:  # noqa: BLE001 - the key is foreign, and several libraries read it
        key_id = str(key.get("kid"))[:100] if isinstance(key, dict) else ""
        _report_skipped_key(source, key_id, f"{type(error).__name__}: {error}".rstrip(": "))
        return None


@lru_cache(maxsize=100)
def _report_skipped_key(source: str, key_id: str, reason: str) -> None:
    """Log a faulty key. Cached, so that each is logged once: the set is read every five minutes."""
    log.warning("Key skipped: it is faulty", source=source, key=key_id, reason=reason)


def _signs_tokens(key: Mapping[str, Any]) -> bool:
    """Return whether a key has an id, and signs with the algorithm of its type: Keycloak also lists encryption keys."""
    algorithm = ALGORITHMS.get(key["kty"]) if isinstance(key.get("kid"), str) else None
    is_for_signatures = key.get("use", "sig") == "sig" and key.get("alg", algorithm) == algorithm
    return algorithm is not None and is_for_signatures and key.get("crv", "P-256") == "P-256"


def _is_strong(key: jwt.PyJWK) -> bool:
    return key.key_type != "RSA" or key.key.key_size >= MIN_RSA_BITS
