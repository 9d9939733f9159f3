"""Signs tokens for invented people of the demo. It refuses to run outside the demo profile."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from time import time
from typing import Any, Protocol
from uuid import NAMESPACE_URL, uuid5

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from shared.settings.identity import DEMO_ISSUER, DEMO_KEY_ID

ISSUER = DEMO_ISSUER
AUDIENCE = "piket"
LIFETIME_SECONDS = 12 * 3600

DPMPTSP = {"region": "32", "opd": "DPMPTSP"}
USERS: Mapping[str, Mapping[str, Any]] = {
    "dewi": {"roles": ["EMPLOYEE"], **DPMPTSP, "unit": "FRONT", "employee": str(uuid5(NAMESPACE_URL, "piket:dewi"))},
    "rahmat": {"roles": ["SCHEDULER", "EMPLOYEE"], **DPMPTSP, "employee": str(uuid5(NAMESPACE_URL, "piket:rahmat"))},
    "sri": {"roles": ["PERSONNEL"], "region": "32", "opd": "BKD"},
    "agus": {"roles": ["SUBSCRIBER"], "region": "32"},
    "wahyu": {"roles": ["OPS"], "region": "32"},
}
"""Claims of the example users: a clerk and the scheduler of DPMPTSP, personnel agency, a subscriber, an operator."""


class NotDemoProfile(Exception):
    """The demo issuer was started outside the demo profile."""


class Tokens(Protocol):
    """Gives tokens of people: the issuer of the demo, or a real one."""

    def sign(self, subject: str, **claims: Any) -> str:  # noqa: ANN401 - JSON
        """Return a token of a person with these claims."""

    def token(self, user: str) -> str:
        """Return a token of one of the example users."""


class Issuer:
    """Signs tokens with a key pair in the demo's folder: `issuer.pem`, and `jwks.json` for verification."""

    def __init__(self, folder: Path, profile: str) -> None:
        if profile != "demo":
            raise NotDemoProfile(
                "The demo issuer signs tokens for any user, so it starts only with PIKET_PROFILE=demo."
            )
        folder.mkdir(parents=True, exist_ok=True)
        self._key = _private_key(folder / "issuer.pem")
        self.jwks_file = folder / "jwks.json"
        self.jwks_file.write_text(json.dumps(self.jwks()))

    def jwks(self) -> dict[str, Any]:
        """Return the public key as a JSON Web Key Set."""
        public = jwt.algorithms.ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [public | {"kid": DEMO_KEY_ID, "use": "sig", "alg": "ES256"}]}

    def sign(self, subject: str, lifetime: int = LIFETIME_SECONDS, **claims: Any) -> str:  # noqa: ANN401 - JSON
        """Return a token with these claims, valid for `lifetime` seconds of wall-clock time from now."""
        # Not the clock of the demo: the verifier compares `exp` with the wall clock.
        now = int(time())
        registered_claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": subject, "iat": now, "exp": now + lifetime}
        return jwt.encode(registered_claims | claims, self._key, algorithm="ES256", headers={"kid": DEMO_KEY_ID})

    def token(self, user: str) -> str:
        """Return a token for one of the example users."""
        return self.sign(user, **USERS[user])


def _private_key(file: Path) -> ec.EllipticCurvePrivateKey:
    if not file.exists():
        pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        # Never readable by others, and never over an existing key (O_EXCL), whose tokens would become invalid.
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as new:
            new.write(pem)
    key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{file} does not hold an EC key; remove it and start the demo again.")
    return key


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[2] not in USERS:
        sys.exit(f"usage: python -m deploy.local.token_issuer FOLDER ({' | '.join(USERS)})")
    print(Issuer(Path(sys.argv[1]), os.environ.get("PIKET_PROFILE", "")).token(sys.argv[2]))
