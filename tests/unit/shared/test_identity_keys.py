"""Tests which keys verify tokens, how they are kept through an outage, and how they follow a rotation."""

import asyncio
import base64
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jwt
import pytest
import structlog
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from prometheus_client import REGISTRY

from deploy.local.token_issuer import Issuer
from shared.identity import Identity, Role, TokenRefused, UnusableKeySet, key_cache
from shared.identity.claims import ClaimPaths
from shared.identity.key_cache import UNKNOWN_KEY_EVERY_S, KeyCache
from shared.identity.key_set import VerificationKeys, verification_keys
from shared.settings import Settings
from tests.support.waiting import wait_until

ISSUER = "https://sso.example/realms/piket"
RSA = rsa.generate_private_key(65537, 2048)
P256 = ec.generate_private_key(ec.SECP256R1())
P384 = ec.generate_private_key(ec.SECP384R1())
WEAK_RSA = rsa.generate_private_key(65537, 1024)  # noqa: S505 - refused for that


def public_key(key: Any, key_id: str, **members: str) -> dict[str, Any]:
    algorithm = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    return algorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": key_id} | members


KEY_SET = {
    "keys": [
        public_key(RSA, "rsa", use="sig", alg="RS256"),
        public_key(P256, "ec", use="sig", alg="ES256"),
        public_key(RSA, "for-encryption", use="enc", alg="RSA-OAEP"),
        public_key(RSA, "another-hash", use="sig", alg="RS512"),
        public_key(P384, "another-curve", use="sig"),
        public_key(WEAK_RSA, "weak", use="sig"),
        public_key(P256, "") | {"kid": ["no text"]},
        {"kty": "oct", "kid": "shared", "k": base64.urlsafe_b64encode(b"s" * 32).decode()},
        {"kty": "OKP", "kid": "ed", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
    ]
}


def signed(key: Any, key_id: str, algorithm: str, **claims: Any) -> str:
    now = int(time.time())
    registered = {"iss": ISSUER, "aud": "piket", "sub": "sri", "iat": now, "exp": now + 60, "region": "32"}
    return jwt.encode(registered | claims, key, algorithm=algorithm, headers={"kid": key_id})


def refusal(identity: Identity, token: str) -> str:
    try:
        identity.principal(token)
    except TokenRefused as refused:
        return refused.slug
    return ""


@pytest.fixture
def identity() -> Identity:
    return Identity.from_jwks(KEY_SET, ISSUER, "piket")


@pytest.mark.parametrize(("key", "key_id", "algorithm"), [(RSA, "rsa", "RS256"), (P256, "ec", "ES256")])
def test_both_kinds_of_keys_that_keycloak_signs_with_are_accepted(
    identity: Identity, key: Any, key_id: str, algorithm: str
) -> None:
    assert identity.principal(signed(key, key_id, algorithm)).subject == "sri"


def pem(key: Any) -> bytes:
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return bytes(key.public_key().public_bytes(encoding, form))


def hmac_signed(secret: bytes, key_id: str) -> str:
    """Return a token that is signed with a public key as if it were a shared secret; PyJWT itself refuses to."""
    head, body, _ = signed(b"x" * 32, key_id, "HS256").split(".")
    mac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(f"{head}.{body}".encode(), secret)
    return f"{head}.{body}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


def test_no_token_chooses_its_own_algorithm(identity: Identity) -> None:
    forged = {
        "the public RSA key as a shared secret": hmac_signed(pem(RSA), "rsa"),
        "the public EC key as a shared secret": hmac_signed(pem(P256), "ec"),
        "a shared secret of the set": signed(b"s" * 32, "shared", "HS256"),
        "another hash": signed(RSA, "rsa", "RS512"),
        "a padding that is not listed": signed(RSA, "rsa", "PS256"),
        "RSA with the id of the EC key": signed(RSA, "ec", "RS256"),
        "EC with the id of the RSA key": signed(P256, "rsa", "ES256"),
        "none": jwt.encode({"sub": "sri"}, "", algorithm="none", headers={"kid": "rsa"}),
        "the key for encryption": signed(RSA, "for-encryption", "RS256"),
        "a key for another hash": signed(RSA, "another-hash", "RS256"),
        "another curve": signed(P384, "another-curve", "ES384"),
        "a number as the key id": jwt.encode({"sub": "sri"}, P256, algorithm="ES256", headers={"kid": "7"}),
    }
    assert {name: refusal(identity, token) for name, token in forged.items()} == dict.fromkeys(forged, "token-invalid")


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_a_key_that_can_be_broken_is_not_used(identity: Identity) -> None:
    assert refusal(identity, signed(WEAK_RSA, "weak", "RS256")) == "token-invalid"


FAULTY_KEYS = {
    "no object": "a",
    "no type": {"kid": "a"},
    "a type that is no text": {"kid": "a", "kty": ["EC"]},
    "no point": {"kid": "a", "kty": "EC", "crv": "P-256"},
    "a point outside the curve": {"kid": "a", "kty": "EC", "crv": "P-256", "x": "AA" * 21 + "A", "y": "AA" * 21 + "A"},
    "coordinates that are numbers": {"kid": "a", "kty": "EC", "crv": "P-256", "x": 1, "y": 1},
    "no modulus": {"kid": "a", "kty": "RSA", "e": "AQAB"},
    "an even exponent": {"kid": "a", "kty": "RSA", "n": public_key(RSA, "")["n"], "e": "Ag"},
}


@pytest.mark.parametrize("faulty", FAULTY_KEYS.values(), ids=FAULTY_KEYS.keys())
def test_a_faulty_key_takes_no_other_key_away(faulty: Any, tmp_path: Path) -> None:
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": [faulty, public_key(P256, "ec")]}))
    identity = Identity.from_settings(Settings(issuer=ISSUER, jwks=str(file)))
    assert refusal(identity, signed(P256, "ec", "ES256")) == ""
    assert refusal(identity, signed(P256, "a", "ES256")) == "token-invalid"


def test_a_faulty_key_is_logged_once_with_its_id() -> None:
    keys = {"keys": [{"kid": "broken-2026", "kty": "EC"}, public_key(P256, "ec")]}
    with structlog.testing.capture_logs() as lines:
        for _ in range(3):
            verification_keys(keys, ISSUER)
    (line,) = lines
    assert (line["key"], line["source"], line["event"]) == ("broken-2026", ISSUER, "Key skipped: it is faulty")


class PublishedKeys:
    """A key set as its issuer publishes it; `reason`: why it cannot be read. Counts the readings."""

    def __init__(self, keys: Mapping[str, Any]) -> None:
        self.keys, self.reason, self.readings, self.defect = keys, "", 0, False

    async def read(self) -> VerificationKeys:
        self.readings += 1
        await asyncio.sleep(0)
        if self.defect:
            raise ZeroDivisionError
        if self.reason:
            raise UnusableKeySet(ISSUER, self.reason)
        return verification_keys(self.keys, ISSUER)


class Stopwatch:
    """A clock of seconds that stands still until a test moves it."""

    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def remote(published: PublishedKeys, stopwatch: Stopwatch) -> Identity:
    return Identity(KeyCache({}, published.read, stopwatch), ISSUER, "piket")


async def refusal_of(identity: Identity, token: str) -> str:
    try:
        await identity.verify(token)
    except TokenRefused as refused:
        return refused.slug
    return ""


async def test_a_token_of_a_new_key_is_accepted_at_once_and_the_old_key_no_longer() -> None:
    published = PublishedKeys({"keys": [public_key(P256, "old")]})
    identity = remote(published, Stopwatch())
    await identity.keys.refresh()
    published.keys = {"keys": [public_key(RSA, "new")]}
    assert await refusal_of(identity, signed(P256, "old", "ES256")) == ""
    assert await refusal_of(identity, signed(RSA, "new", "RS256")) == ""
    assert await refusal_of(identity, signed(P256, "old", "ES256")) == "token-invalid"


async def test_a_thousand_tokens_of_unknown_keys_cause_one_question_in_a_minute() -> None:
    published, stopwatch = PublishedKeys({"keys": [public_key(P256, "ec")]}), Stopwatch()
    identity = remote(published, stopwatch)
    await identity.keys.refresh()
    tokens = [signed(P256, f"unknown-{number}", "ES256") for number in range(1000)]
    answers = await asyncio.gather(*(refusal_of(identity, token) for token in tokens))
    assert (set(answers), published.readings) == ({"token-invalid"}, 2)
    stopwatch.seconds += UNKNOWN_KEY_EVERY_S - 1
    assert (await refusal_of(identity, tokens[0]), published.readings) == ("token-invalid", 2)
    stopwatch.seconds += 1
    assert (await refusal_of(identity, tokens[0]), published.readings) == ("token-invalid", 3)


async def test_known_keys_go_on_for_an_hour_without_the_issuer_and_an_unknown_one_is_answered_honestly() -> None:
    published, stopwatch = PublishedKeys({"keys": [public_key(P256, "ec")]}), Stopwatch()
    identity = remote(published, stopwatch)
    await identity.keys.refresh()
    published.reason = "the issuer did not answer"
    for _ in range(60):
        stopwatch.seconds += 60
        await identity.keys.refresh()
        assert await refusal_of(identity, signed(P256, "ec", "ES256")) == ""
    assert await refusal_of(identity, signed(RSA, "rsa", "RS256")) == "issuer-unreachable"
    published.reason, published.keys = "", KEY_SET
    stopwatch.seconds += 60
    assert await refusal_of(identity, signed(RSA, "rsa", "RS256")) == ""


async def test_a_process_that_starts_before_its_issuer_says_so_and_then_serves() -> None:
    published = PublishedKeys(KEY_SET)
    published.reason = "the issuer did not answer"
    identity = remote(published, Stopwatch())
    assert (identity.keys.ready, identity.keys.unreadable) == (False, "the key set has not been read yet")
    assert await refusal_of(identity, signed(P256, "ec", "ES256")) == "issuer-unreachable"
    published.reason = ""
    async with identity.keys.kept_current():
        await wait_until(lambda: identity.keys.ready)
    assert await refusal_of(identity, signed(P256, "ec", "ES256")) == ""


async def test_a_defect_while_reading_keeps_the_known_keys_and_the_reading_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(key_cache, "REFRESH_EVERY_S", 0.01)
    monkeypatch.setattr(key_cache, "RETRY_WITH_KEYS_EVERY_S", 0.01)
    published = PublishedKeys({"keys": [public_key(P256, "ec")]})
    identity = remote(published, Stopwatch())
    with structlog.testing.capture_logs() as lines:
        async with identity.keys.kept_current():
            await wait_until(lambda: identity.keys.ready)
            published.defect, readings = True, published.readings
            await wait_until(lambda: published.readings > readings + 3)
            assert (await refusal_of(identity, signed(P256, "ec", "ES256")), readable()) == ("", 0)
            published.defect = False
            await wait_until(lambda: readable() == 1)
    warnings = [line for line in lines if line["log_level"] == "warning"]
    assert [(line["reason"], line["known"]) for line in warnings] == [("unexpected ZeroDivisionError", 1)]


def test_a_process_that_reads_no_keys_does_not_say_that_it_cannot() -> None:
    program = "import shared.identity.key_cache, prometheus_client as p; print(p.generate_latest().decode())"
    metrics = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert ("process_cpu_seconds_total" in metrics, "piket_issuer_keys_readable" in metrics) == (True, False)


def readable() -> float | None:
    return REGISTRY.get_sample_value("piket_issuer_keys_readable")


async def test_while_no_key_is_known_the_issuer_is_asked_every_second() -> None:
    published = PublishedKeys(KEY_SET)
    published.reason = "the issuer did not answer"
    identity = remote(published, Stopwatch())
    async with identity.keys.kept_current():
        await wait_until(lambda: published.readings == 2)
        assert (identity.keys.ready, identity.keys.unreadable, readable()) == (False, published.reason, 0)
        published.reason = ""
        await wait_until(lambda: identity.keys.ready, 3)
        assert (published.readings, readable()) == (3, 1)


async def test_a_file_of_keys_that_is_replaced_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": [public_key(P256, "old")]}))
    identity = Identity.from_settings(Settings(issuer=ISSUER, jwks=str(file)))
    file.write_text(json.dumps({"keys": [public_key(RSA, "new")]}))
    assert await refusal_of(identity, signed(RSA, "new", "RS256")) == ""
    file.write_text("{")
    await identity.keys.refresh()
    file.unlink()
    await identity.keys.refresh()
    file.write_text('{"keys": []}')
    await identity.keys.refresh()
    assert await refusal_of(identity, signed(RSA, "new", "RS256")) == ""


def test_the_keys_of_a_demo_are_refused_outside_it(tmp_path: Path) -> None:
    demo = str(Issuer(tmp_path, "demo").jwks_file)
    with pytest.raises(UnusableKeySet, match="it holds the key of a demo"):
        Identity.from_settings(Settings(issuer=ISSUER, jwks=demo))


KEYCLOAK_CLAIMS = {
    "realm_access": {"roles": ["offline_access", "OPS"]},
    "resource_access": {"piket": {"roles": ["PERSONNEL"]}},
    "region": ["3276"],
    "https://piket.example/opd": "DISDUKCAPIL",
    "organisation": {"unit": "LOKET"},
}
PATHS = ClaimPaths(
    ("realm_access.roles", "resource_access.piket.roles", "groups"),
    opd="https://piket.example/opd",
    unit="organisation.unit",
)


def test_roles_and_attributes_are_where_the_settings_say() -> None:
    identity = Identity(KeyCache(verification_keys(KEY_SET, "")), ISSUER, "piket", PATHS)
    principal = identity.principal(signed(P256, "ec", "ES256", **KEYCLOAK_CLAIMS))
    assert principal.roles == {Role.OPS, Role.PERSONNEL}
    assert (principal.region, principal.opd, principal.unit) == ("3276", "DISDUKCAPIL", "LOKET")


@pytest.mark.parametrize(
    "claims",
    [
        {"region": ["32", "3276"]},
        {"region": []},
        {"region": {"code": "32"}},
        {"realm_access": {"roles": "OPS"}},
        {"realm_access": {"roles": {"OPS": True}}},
    ],
)
def test_claims_of_another_form_are_refused(claims: Mapping[str, Any]) -> None:
    identity = Identity(KeyCache(verification_keys(KEY_SET, "")), ISSUER, "piket", PATHS)
    assert refusal(identity, signed(P256, "ec", "ES256", **claims)) == "token-invalid"


def test_the_paths_of_claims_come_from_the_settings() -> None:
    settings = Settings(roles_claim="roles, realm_access.roles", region_claim="wilayah")
    assert ClaimPaths.from_settings(settings) == (["roles", "realm_access.roles"], "wilayah", "opd", "unit", "employee")
