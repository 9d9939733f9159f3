import base64
import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from uuid import UUID

import jwt
import pytest

from deploy.cli.errors import operator_message
from deploy.local.token_issuer import AUDIENCE, ISSUER, USERS, Issuer, NotDemoProfile
from shared.identity import Action, Identity, Principal, Role, Scope, TokenRefused, UnusableKeySet, is_allowed
from shared.settings import Settings
from shared.settings.identity import DEMO_KEY_ID

DEWI = UUID("2b1c8f0e-9d34-4a51-8f0e-6f4d2c1b7a90")
RINA = UUID("7c0f7a52-52a5-4f0a-9a55-0f3f1a3d9b11")

SCOPES = {
    "herself": Scope("32", "DPMPTSP", "FRONT", DEWI),
    "a colleague": Scope("32", "DPMPTSP", "FRONT", RINA),
    "her OPD": Scope("32", "DPMPTSP"),
    "another OPD": Scope("32", "BAPENDA"),
    "her region": Scope("32"),
    "her name in another region": Scope("3271", "DPMPTSP", "FRONT", DEWI),
    "another region": Scope("3271"),
}
OWN_OPD = {"herself", "a colleague", "her OPD"}
OWN_REGION = OWN_OPD | {"another OPD", "her region"}

# Written out by hand, apart from the product's table: role, action, the scopes it reaches.
ALLOWED = {
    (Role.EMPLOYEE, Action.TAP): {"herself"},
    (Role.EMPLOYEE, Action.READ_POLICY): OWN_REGION,
    (Role.SCHEDULER, Action.READ_ROSTER): OWN_OPD,
    (Role.SCHEDULER, Action.PLACE): OWN_OPD,
    (Role.SCHEDULER, Action.PLAN): OWN_OPD,
    (Role.SCHEDULER, Action.ARRANGE): OWN_OPD,
    (Role.SCHEDULER, Action.READ_POLICY): OWN_REGION,
    (Role.PERSONNEL, Action.READ_ROSTER): OWN_REGION,
    (Role.PERSONNEL, Action.PLACE): OWN_REGION,
    (Role.PERSONNEL, Action.ARRANGE): OWN_REGION,
    (Role.PERSONNEL, Action.ENACT): OWN_REGION,
    (Role.PERSONNEL, Action.APPLY_OUTAGE): OWN_REGION,
    (Role.PERSONNEL, Action.READ_POLICY): OWN_REGION,
    (Role.SUBSCRIBER, Action.READ_FEED): OWN_REGION,
    (Role.SUBSCRIBER, Action.READ_POLICY): OWN_REGION,
    (Role.OPS, Action.READ_FEED): OWN_REGION,
    (Role.OPS, Action.OPERATE): OWN_REGION,
}


def somebody(*roles: Role, opd: str | None = "DPMPTSP", employee: UUID | None = DEWI) -> Principal:
    return Principal(subject="dewi", roles=frozenset(roles), region="32", opd=opd, employee=employee)


@pytest.mark.parametrize(("role", "action", "scope"), list(product(Role, Action, SCOPES)))
def test_every_role_may_do_exactly_what_the_table_says(role: Role, action: Action, scope: str) -> None:
    assert is_allowed(somebody(role), action, SCOPES[scope]) == (scope in ALLOWED.get((role, action), set()))


@pytest.mark.parametrize(("action", "scope"), list(product(Action, SCOPES)))
def test_without_a_role_nothing_is_allowed(action: Action, scope: str) -> None:
    assert not is_allowed(somebody(), action, SCOPES[scope])


def test_two_roles_add_up() -> None:
    chief = somebody(Role.EMPLOYEE, Role.SCHEDULER)
    assert all(is_allowed(chief, action, chief.self_scope()) for action in (Action.TAP, Action.PLAN))


def test_nobody_taps_for_an_employee_that_the_token_does_not_name() -> None:
    assert not is_allowed(somebody(Role.EMPLOYEE, employee=None), Action.TAP, Scope("32", "DPMPTSP"))


def test_a_scheduler_without_an_opd_reaches_no_opd() -> None:
    assert not is_allowed(somebody(Role.SCHEDULER, opd=None), Action.PLAN, Scope("32"))


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path, "demo")


@pytest.fixture
def identity(issuer: Issuer) -> Identity:
    return Identity.from_jwks(json.loads(issuer.jwks_file.read_text()), ISSUER, AUDIENCE)


UNUSABLE_KEY_SETS = {
    "no JSON": (b'{\n"keys": [', "it is not JSON, line 2"),
    "no text": (b"\xff\xfe", "it is not a text file"),
    "no keys": (b"{}", "no JSON Web Key Set"),
    "a list": (b"[]", "no JSON Web Key Set"),
    "a number of keys": (b'{"keys": 1}', "no JSON Web Key Set"),
    "names of keys": (b'{"keys": ["a"]}', "it has no key of type EC"),
    "a key without a type": (b'{"keys": [{"kid": "a"}]}', "it has no key of type EC"),
    "a key without a curve": (b'{"keys": [{"kid": "a", "kty": "EC"}]}', "it has no key of type EC"),
    "a key that is no point": (
        b'{"keys": [{"kid": "a", "kty": "EC", "crv": "P-256", "x": "%s", "y": "%s"}]}' % (b"A" * 43, b"A" * 43),
        "cannot be used",
    ),
}


@pytest.mark.parametrize(("content", "reason"), UNUSABLE_KEY_SETS.values(), ids=UNUSABLE_KEY_SETS.keys())
def test_a_broken_key_set_is_reported_with_its_file(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "jwks.json"
    file.write_bytes(content)
    with pytest.raises(UnusableKeySet) as raised:
        Identity.from_settings(Settings(profile="demo", jwks=str(file)))
    message = operator_message(raised.value) or ""
    assert (str(file) in message, reason in message, "then start again" in message) == (True, True, True), message


def test_a_folder_is_no_key_set(tmp_path: Path) -> None:
    with pytest.raises(UnusableKeySet, match="Is a directory"):
        Identity.from_settings(Settings(profile="demo", jwks=str(tmp_path)))


@pytest.mark.parametrize("user", USERS)
def test_every_example_user_is_recognised(issuer: Issuer, identity: Identity, user: str) -> None:
    assert identity.principal(issuer.token(user)).roles == {Role(role) for role in USERS[user]["roles"]}


def test_a_role_of_a_later_release_gives_nothing(issuer: Issuer, identity: Identity) -> None:
    assert identity.principal(issuer.sign("x", region="32", roles=["SULTAN", "OPS"])).roles == {Role.OPS}


def test_the_issuer_keeps_its_key_over_a_restart(issuer: Issuer, identity: Identity, tmp_path: Path) -> None:
    assert identity.principal(Issuer(tmp_path, "demo").token("sri")).subject == "sri"


@pytest.mark.parametrize("profile", ["", "production", "DEMO"])
def test_the_demo_issuer_refuses_any_other_profile(tmp_path: Path, profile: str) -> None:
    with pytest.raises(NotDemoProfile):
        Issuer(tmp_path, profile)


def broken_tokens(issuer: Issuer, elsewhere: Issuer) -> Iterator[tuple[str, str]]:
    good = issuer.token("sri")
    header, claims, signature = good.split(".")
    payload = jwt.decode(good, options={"verify_signature": False})
    changed = base64.urlsafe_b64encode(json.dumps(payload | {"roles": ["OPS"]}).encode()).decode().rstrip("=")
    yield "other claims under the same signature", f"{header}.{changed}.{signature}"
    yield "no signature", f"{header}.{claims}."
    yield "the key of another issuer", elsewhere.token("sri")
    yield "another audience", issuer.sign("sri", aud="payroll", region="32")
    yield "another issuer", issuer.sign("sri", iss="urn:evil", region="32")
    yield "alg none", jwt.encode(payload, "", algorithm="none", headers={"kid": DEMO_KEY_ID})
    yield "a shared secret", jwt.encode(payload, "s" * 32, algorithm="HS256", headers={"kid": DEMO_KEY_ID})
    yield "no key id", jwt.encode(payload, issuer._key, algorithm="ES256")
    yield "no expiry", issuer.sign("sri", exp=None, region="32")
    yield "no region", issuer.sign("sri")
    yield "a region that is none", issuer.sign("sri", region="../32")
    yield "an employee that is no id", issuer.sign("sri", region="32", employee="198203042006041001")
    yield "roles that are no list", issuer.sign("sri", region="32", roles=7)
    yield "issued tomorrow", issuer.sign("sri", iat=4_000_000_000, exp=4_000_000_100, region="32")
    yield "no token at all", "hello"
    yield "an empty one", ""


def refusal(identity: Identity, token: str) -> str:
    try:
        identity.principal(token)
    except TokenRefused as refused:
        return refused.slug
    return "accepted"


def test_a_forged_token_proves_nothing(issuer: Issuer, identity: Identity, tmp_path: Path) -> None:
    forged = dict(broken_tokens(issuer, Issuer(tmp_path / "elsewhere", "demo")))
    assert {name: refusal(identity, token) for name, token in forged.items()} == dict.fromkeys(forged, "token-invalid")


def test_an_expired_token_says_so(issuer: Issuer, identity: Identity) -> None:
    assert refusal(identity, issuer.sign("sri", lifetime=-60, region="32")) == "token-expired"
