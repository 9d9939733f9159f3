"""Writes what an administrator of Keycloak imports for a government: accounts of its offices, and a client scope."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

REALM_FILE = Path(__file__).parents[1] / "identity" / "piket-realm.json"
SCOPE_NAME = "region-${PIKET_REGION:32}"
DEFAULT_REGION = "${PIKET_REGION:32}"


def accounts(region: str, opds: Sequence[str], personnel_opd: str) -> str:
    """Return a partial import (JSON): operator, personnel officer, and a scheduler of each OPD; no account of a person.

    Nobody can sign in before the administrator has set a password.
    """
    users = [
        _account(f"operasi-{region}", "OPS", region),
        _account(f"kepegawaian-{region}", "PERSONNEL", region, personnel_opd),
        *(_account(f"penjadwal-{region}-{opd.lower()}", "SCHEDULER", region, opd) for opd in opds),
    ]
    return json.dumps({"ifResourceExists": "SKIP", "users": users}, indent=1) + "\n"


def _account(name: str, role: str, region: str, opd: str = "") -> dict[str, Any]:
    attributes = {"region": [region], **({"opd": [opd]} if opd else {})}
    return {
        "username": name,
        "enabled": True,
        "attributes": attributes,
        "realmRoles": [role],
        "requiredActions": ["UPDATE_PASSWORD"],
    }


def client_scope(region: str) -> str:
    """Return the client scope (JSON) by which a service gets a token for the feeds of a region."""
    realm = json.loads(REALM_FILE.read_text())
    (scope,) = (scope for scope in realm["clientScopes"] if scope["name"] == SCOPE_NAME)
    return json.dumps(scope, indent=1).replace(DEFAULT_REGION, region) + "\n"
