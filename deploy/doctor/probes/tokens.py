"""Reads the key set of the token issuer, verifies the tokens of services, and tries secrets that are public."""

import base64
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509

from deploy.doctor.judgement.tokens import KeyObserved, PublicSecretsObserved, TokensObserved
from deploy.doctor.probes.signals import Examination
from shared.clock import wall_time
from shared.identity import Action, Identity, Scope, TokenRefused, UnusableKeySet, is_allowed
from shared.identity.claims import ClaimPaths
from shared.identity.issuer import IssuerClient, IssuerRefused, IssuerUnreachable
from shared.identity.key_cache import KeyCache
from shared.identity.key_set import read_key_set, verification_keys
from shared.identity.key_source import key_source
from shared.identity.service_token import NoServiceToken, ServiceTokens
from shared.settings import Settings
from shared.settings.identity import MissingIssuer

REALM_FILE = Path(__file__).parents[2] / "identity" / "piket-realm.json"


async def observe_tokens(examination: Examination) -> TokensObserved:
    """Read the keys and verify the token of each region."""
    settings = examination.settings
    try:
        source, issuer = key_source(settings), settings.trusted_issuer()
    except MissingIssuer:
        return TokensObserved("of the issuer", wall_time(), unusable="PIKET_ISSUER is not set")
    observed = TokensObserved(source.name, wall_time())
    try:
        key_set = read_key_set(await source.read_content(), source.name, demo=settings.profile == "demo")
        keys_in_use = KeyCache(verification_keys(key_set, source.name))
        identity = Identity(keys_in_use, issuer, settings.audience, ClaimPaths.from_settings(settings))
        keys = [*_keys(key_set)]
    except FileNotFoundError:
        return observed._replace(unusable="the file does not exist")
    except UnusableKeySet as error:
        return observed._replace(unusable=error.reason)
    except (ValueError, TypeError, OverflowError) as error:
        return observed._replace(unusable=f"the expiry of a key cannot be read: {error}")
    return await _with_tokens(settings, identity, observed._replace(keys=keys))


async def _with_tokens(settings: Settings, identity: Identity, observed: TokensObserved) -> TokensObserved:
    """Add why the tokens of services are refused. An environment may know neither a client nor the files of tokens."""
    if settings.client_id:
        return observed._replace(refused_clients=await _refusals(settings, identity, "{region}"))
    if settings.profile == "demo" or "token_file" in settings.model_fields_set:
        return observed._replace(refused=await _refusals(settings, identity, settings.token_file))
    return observed


async def _refusals(settings: Settings, identity: Identity, place: str) -> Mapping[str, str]:
    """Return by the place of each region's token why it is refused, empty if it may read feeds."""
    tokens = ServiceTokens(settings)
    return {place.format(region=region): await _refusal(tokens, identity, region) for region in settings.region_list()}


def _keys(key_set: Mapping[str, Any]) -> Iterator[KeyObserved]:
    """Yield the keys that verify tokens, with the earliest of their expiries."""
    usable = verification_keys(key_set, "given")
    for key in key_set["keys"]:
        if key.get("kid") in usable:
            yield KeyObserved(key["kid"], min(_expiries(key), default=None))


def _expiries(key: Mapping[str, Any]) -> Iterator[datetime]:
    """Yield when a key expires: by `exp` (registered for keys by OpenID Federation) and by its certificate (`x5c`)."""
    if "exp" in key:
        yield datetime.fromtimestamp(key["exp"], UTC)
    for certificate in key.get("x5c", [])[:1]:
        yield x509.load_der_x509_certificate(base64.b64decode(certificate)).not_valid_after_utc


async def _refusal(tokens: ServiceTokens, identity: Identity, region: str) -> str:
    """Return why the token of a region is refused, empty if it may read feeds."""
    try:
        principal = identity.principal(await tokens.token(region))
    except NoServiceToken as error:
        return str(error)
    except TokenRefused as error:
        return "it has expired" if error.slug == "token-expired" else f"it is not valid: {error}"
    return "" if is_allowed(principal, Action.READ_FEED, Scope(region)) else "it has no right to read feeds"


async def observe_public_secrets(examination: Examination) -> PublicSecretsObserved:
    """Ask the issuer for tokens with the secrets that stand in the realm file: variables that nobody replaced."""
    settings = examination.settings
    try:
        if not settings.has_remote_issuer:
            return PublicSecretsObserved(has_issuer=False)
        issuer = IssuerClient(settings)
        accepted = [(client, await _accepted(issuer, client, secret)) for client, secret in _public_secrets(settings)]
    except MissingIssuer:
        return PublicSecretsObserved(obstacle="PIKET_ISSUER is not set")
    except IssuerUnreachable as error:
        return PublicSecretsObserved(obstacle=f"the issuer gave no answer: {error}")
    # Sorted: of a client that was tried twice, a secret that was accepted stays, not the empty text.
    return PublicSecretsObserved(dict(sorted(accepted)))


def _public_secrets(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield the clients of the realm file with their secrets; the clients of this process with each of them."""
    configured = {settings.client_id.format(region=region) for region in settings.region_list()} - {""}
    for client in json.loads(REALM_FILE.read_text())["clients"]:
        if "secret" in client:
            yield client["clientId"], client["secret"]
            yield from ((name, client["secret"]) for name in sorted(configured - {client["clientId"]}))


async def _accepted(issuer: IssuerClient, client: str, secret: str) -> str:
    """Return the secret if the issuer gives a token for it, else an empty text. Raise `IssuerUnreachable`."""
    grant = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
    try:
        await issuer.tokens(grant, "access_token")
    except IssuerRefused:
        return ""
    return secret
