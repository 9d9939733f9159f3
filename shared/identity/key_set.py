"""Reads a JSON Web Key Set (RFC 7517): which keys may sign tokens, each by one algorithm."""

import json
from collections.abc import Mapping
from typing import Any

import jwt

from shared.settings.identity import DEMO_KEY_ID

VerificationKeys = Mapping[str, jwt.PyJWK]
"""Public keys by key id. A key carries its algorithm, so the header of a token cannot choose another one."""

ALGORITHMS: Mapping[str, str] = {"EC": "ES256", "RSA": "RS256"}
"""The algorithm of each type of key. Another type, such as a shared secret (`oct`), signs no token."""

MIN_RSA_BITS = 2048


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
        key_ids = [key.get("kid") for key in key_set["keys"]]
    except UnicodeDecodeError as error:
        raise UnusableKeySet(source, "it is not a text file") from error
    except json.JSONDecodeError as error:
        raise UnusableKeySet(source, f"it is not JSON, line {error.lineno}") from error
    except (LookupError, TypeError, AttributeError, RecursionError) as error:
        raise UnusableKeySet(source, "it is JSON, but no JSON Web Key Set") from error
    if DEMO_KEY_ID in key_ids and not demo:
        raise UnusableKeySet(source, "it holds the key of a demo, whose holder signs tokens for anybody")
    return key_set


def verification_keys(key_set: Mapping[str, Any], source: str) -> VerificationKeys:
    """Return the keys that may sign tokens; skip those for other purposes. Raise `UnusableKeySet` for a broken one."""
    try:
        keys = [jwt.PyJWK(dict(key), ALGORITHMS[key["kty"]]) for key in key_set["keys"] if _signs_tokens(key)]
    except jwt.PyJWTError as error:
        raise UnusableKeySet(source, f"a key is invalid ({error})") from error
    except (LookupError, TypeError, ValueError) as error:
        raise UnusableKeySet(source, "it is JSON, but no JSON Web Key Set") from error
    return {key.key_id: key for key in keys if key.key_id and _is_strong(key)}


def _signs_tokens(key: Mapping[str, Any]) -> bool:
    """Return whether a key has an id, and signs with the algorithm of its type: Keycloak also lists encryption keys."""
    algorithm = ALGORITHMS.get(key["kty"]) if isinstance(key.get("kid"), str) else None
    is_for_signatures = key.get("use", "sig") == "sig" and key.get("alg", algorithm) == algorithm
    return algorithm is not None and is_for_signatures and key.get("crv", "P-256") == "P-256"


def _is_strong(key: jwt.PyJWK) -> bool:
    return key.key_type != "RSA" or key.key.key_size >= MIN_RSA_BITS
