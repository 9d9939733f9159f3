"""Verifies bearer tokens: JSON Web Tokens (RFC 7519) of one issuer, for one audience, signed by a key of its set."""

from collections.abc import Mapping
from typing import Any

import jwt
from pydantic import ValidationError

from shared.identity.claims import ClaimPaths, principal_of
from shared.identity.key_cache import KeyCache
from shared.identity.key_set import verification_keys
from shared.identity.key_source import key_source
from shared.identity.rights import Principal
from shared.settings import Settings

LEEWAY_SECONDS = 10
"""By how much the clocks of issuer and verifier may differ."""


class TokenRefused(Exception):
    """The token is not accepted. `slug` is the problem type; the message is for the log, not for the caller."""

    def __init__(self, slug: str, reason: str) -> None:
        super().__init__(reason)
        self.slug = slug


class UnknownKey(TokenRefused):
    """The token is signed with a key that is not in the key set, or the key set could not be read yet."""


class Identity:
    """Verifies the tokens of a deployment. `keys` are those of `issuer`; `paths` say where a token has its claims."""

    def __init__(self, keys: KeyCache, issuer: str, audience: str, paths: ClaimPaths | None = None) -> None:
        self.keys, self._issuer, self._audience, self._paths = keys, issuer, audience, paths or ClaimPaths()

    @classmethod
    def from_jwks(cls, jwks: Mapping[str, Any], issuer: str, audience: str) -> "Identity":
        """Return the verifier for a key set that never changes."""
        return cls(KeyCache(verification_keys(jwks, "given")), issuer, audience)

    @classmethod
    def from_settings(cls, settings: Settings) -> "Identity":
        """Return the verifier of a deployment's tokens.

        Raise `UnusableKeySet` if a file of keys is broken, `MissingIssuer` if the settings name no issuer.
        """
        issuer, source = settings.trusted_issuer(), key_source(settings)
        keys = KeyCache(source.initial_keys(), source.read_keys)
        return cls(keys, issuer, settings.audience, ClaimPaths.from_settings(settings))

    async def verify(self, token: str) -> Principal:
        """Return the principal of a token; for an unknown key, read the key set again, at most once a minute.

        Raise `TokenRefused` as `principal` does.
        """
        try:
            return self.principal(token)
        except UnknownKey:
            await self.keys.refresh_for_unknown_key()
            return self.principal(token)

    def principal(self, token: str) -> Principal:
        """Return the principal of a token without waiting for anything.

        Raise `TokenRefused`: `token-expired`; `issuer-unreachable` if the key is unknown because the issuer does not
        answer; else `token-invalid`.
        """
        try:
            return principal_of(self.claims(token, self._audience), self._paths)
        except (ValidationError, TypeError) as invalid:
            raise TokenRefused("token-invalid", type(invalid).__name__) from invalid

    def claims(self, token: str, audience: str) -> Mapping[str, Any]:
        """Return the claims of a token for an audience. Raise `TokenRefused`."""
        try:
            return self._verified_claims(token, audience)
        except jwt.ExpiredSignatureError as expired:
            raise TokenRefused("token-expired", str(expired)) from expired
        except jwt.PyJWTError as invalid:
            raise TokenRefused("token-invalid", type(invalid).__name__) from invalid

    def _verified_claims(self, token: str, audience: str) -> Mapping[str, Any]:
        key = self.keys.find(str(jwt.get_unverified_header(token).get("kid", "")))
        if key is None:
            slug = "issuer-unreachable" if self.keys.unreadable else "token-invalid"
            raise UnknownKey(slug, "signed with a key that is not in the key set")
        # The algorithm is the key's own: the header of a forged token could name another one. The claims are required,
        # because PyJWT checks `exp` only if the token has it.
        return jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            audience=audience,
            issuer=self._issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "iat", "sub", "iss", "aud"]},
        )
