"""Judges the key set of the token issuer, the tokens with which services read feeds, and secrets that are public."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from deploy.doctor.judgement.verdict import Finding, Verdict, show_minute, verdict


class KeyObserved(NamedTuple):
    """A key of the key set with its id, and when it expires: by its member `exp` or its certificate."""

    key_id: str
    expires: datetime | None = None


class TokensObserved(NamedTuple):
    """The usable keys of the key set, or why it cannot be used; by file or region, why a token is refused.

    An empty reason: the token is accepted. `refused_clients`: tokens that the issuer gave to PIKET_CLIENT_ID.
    """

    file: str
    now: datetime
    keys: Sequence[KeyObserved] = ()
    unusable: str = ""
    refused: Mapping[str, str] = {}
    refused_clients: Mapping[str, str] = {}


def judge_tokens(observed: TokensObserved) -> Verdict:
    """Return whether tokens can be verified, no key has expired, and every token of a service is accepted."""
    tokens = len(observed.refused) + len(observed.refused_clients)
    evidence = f"{len(observed.keys)} usable keys, {tokens} accepted tokens of services"
    return verdict([*_key_findings(observed), *_token_findings(observed)], evidence)


def _key_findings(observed: TokensObserved) -> Iterator[Finding]:
    where = f"The key set {observed.file} (PIKET_JWKS)"
    replace = "Let it be the current JSON Web Key Set of the issuer: services read it every five minutes."
    if observed.unusable:
        yield Finding(where, f"cannot be used ({observed.unusable})", replace)
        return
    if not observed.keys:
        yield Finding(where, "has no key of type EC or RSA with an id, so every token is refused", replace)
    for key in observed.keys:
        if key.expires and key.expires <= observed.now:
            what = f"holds the key {key.key_id}, which expired at {show_minute(key.expires)}"
            yield Finding(where, what, replace)


def _token_findings(observed: TokensObserved) -> Iterator[Finding]:
    for file, reason in observed.refused.items():
        if reason and not observed.unusable:
            cure = "Get a token with the role SUBSCRIBER of this region from the issuer and write it to this file."
            yield Finding(f"The token {file} (PIKET_TOKEN_FILE)", f"is refused ({reason})", cure)
    for region, reason in observed.refused_clients.items():
        if reason and not observed.unusable:
            cure = "Compare client, secret and scope of this region with the issuer (docs/operations/identity.md)."
            yield Finding(f"The token of PIKET_CLIENT_ID for region {region}", f"is refused ({reason})", cure)


class PublicSecretsObserved(NamedTuple):
    """For each client that was tried with a secret that everybody can read: that secret, if the issuer accepts it.

    `obstacle`: why no client could be tried; `has_issuer` is False if the issuer is no server.
    """

    accepted: Mapping[str, str] = {}
    obstacle: str = ""
    has_issuer: bool = True


def judge_public_secrets(observed: PublicSecretsObserved) -> Verdict:
    """Return whether no client of a service has as its secret the text that stands in the realm file of Piket."""
    if observed.obstacle:
        return Verdict(not_checked=observed.obstacle.rstrip("."))
    if not observed.has_issuer:
        return verdict([], "not used: the issuer is no server")
    findings = [_public_secret(client, secret) for client, secret in observed.accepted.items() if secret]
    return verdict(findings, f"{len(observed.accepted)} clients refuse the text of the realm file as their secret")


def _public_secret(client: str, secret: str) -> Finding:
    what = (
        f"has a secret that everybody knows, the text {secret} of the realm file: anybody who reaches the issuer gets"
        " tokens that read every event of a government"
    )
    cure = (
        f"At once: in Keycloak, Clients, {client}, Credentials, Regenerate; write the new secret into the file of"
        " PIKET_CLIENT_SECRET_FILE. Then look in the events of Keycloak who signed in as this client. Set all variables"
        " of the realm before the next import (docs/operations/identity.md)."
    )
    return Finding(f"The client {client} at the issuer", what, cure)
