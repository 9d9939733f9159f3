"""Tests that the realm which ships holds no person and no secret, and gives no right to whom it should not."""

import json
from typing import Any

import pytest

from deploy.local.keycloak.server import PEOPLE_FILE, REALM_FILE
from deploy.local.token_issuer import USERS
from shared.identity import Role
from shared.settings import Settings

REALM: dict[str, Any] = json.loads(REALM_FILE.read_text())
CLIENTS: dict[str, dict[str, Any]] = {client["clientId"]: client for client in REALM["clients"]}


def test_every_role_of_piket_is_a_role_of_the_realm() -> None:
    assert {role["name"] for role in REALM["roles"]["realm"]} == set(Role)


def test_it_holds_no_person_and_no_secret() -> None:
    assert [user["serviceAccountClientId"] for user in REALM["users"]] == ["piket-roster", "piket-reporting"]
    assert not any("credentials" in user for user in REALM["users"])
    secrets = [client["secret"] for client in CLIENTS.values() if "secret" in client]
    assert secrets == ["${PIKET_ROSTER_CLIENT_SECRET}", "${PIKET_REPORTING_CLIENT_SECRET}"]


def test_people_sign_in_with_pkce_only_and_no_client_takes_a_password() -> None:
    pages = CLIENTS[Settings().sign_in_client]
    assert (pages["publicClient"], pages["attributes"]["pkce.code.challenge.method"]) == (True, "S256")
    assert pages["redirectUris"] == ["${PIKET_PUBLIC_URL}/masuk/kembali"]
    flows = [(client["directAccessGrantsEnabled"], client["implicitFlowEnabled"]) for client in CLIENTS.values()]
    assert set(flows) == {(False, False)}


def test_a_service_asks_for_the_scope_of_its_region_and_no_person_can() -> None:
    scope = Settings().token_scope.replace("{region}", "${PIKET_REGION:32}")
    owners = [name for name, client in CLIENTS.items() if scope in client["optionalClientScopes"]]
    assert owners == ["piket-roster", "piket-reporting"]
    assert scope not in REALM["defaultOptionalClientScopes"] + REALM["defaultDefaultClientScopes"]


@pytest.mark.parametrize("attribute", ["region", "opd", "unit", "employee"])
def test_only_an_administrator_changes_an_attribute_that_gives_rights(attribute: str) -> None:
    (provider,) = REALM["components"]["org.keycloak.userprofile.UserProfileProvider"]
    profile = json.loads(provider["config"]["kc.user.profile.config"][0])
    (declared,) = [a for a in profile["attributes"] if a["name"] == attribute]
    assert declared["permissions"]["edit"] == ["admin"]


def test_the_example_people_are_those_of_the_demo_and_have_no_password_of_their_own() -> None:
    people = {user["username"]: user for user in json.loads(PEOPLE_FILE.read_text())["users"]}
    for name, claims in USERS.items():
        attributes = {key: values[0] for key, values in people[name]["attributes"].items()}
        assert attributes | {"roles": people[name]["realmRoles"]} == claims
    assert {user["credentials"][0]["value"] for user in people.values()} == {"${PIKET_EXAMPLE_PASSWORD}"}
