"""What a person reads at the terminal whose sign-in waits, is refused or is too late (RFC 8628, section 3.5)."""

import asyncio
import stat
import time
from collections.abc import Mapping
from pathlib import Path

import httpx
import jwt
import pytest

from deploy.onboarding.device_sign_in import SignInFailed, minutes_of, replaced_file, sign_in
from shared.identity.issuer import IssuerClient
from shared.settings import Settings

ISSUER = "https://sso.example/realms/piket"
METADATA = {
    "issuer": ISSUER,
    "jwks_uri": f"{ISSUER}/certs",
    "token_endpoint": f"{ISSUER}/token",
    "authorization_endpoint": f"{ISSUER}/auth",
    "device_authorization_endpoint": f"{ISSUER}/device",
}
DEVICE = {
    "device_code": "secret of this terminal",
    "user_code": "WDJB-MJHT",
    "verification_uri": f"{ISSUER}/perangkat",
    "expires_in": 600,
    "interval": 5,
}


def refused(code: str) -> httpx.Response:
    return httpx.Response(400, json={"error": code})


class Issuer:
    """Answers what a test sets; pauses of the program move its clock at once."""

    def __init__(self, *answers: httpx.Response, metadata: Mapping[str, str] = METADATA) -> None:
        self._answers, self._metadata = iter(answers), metadata
        self.time, self.pauses, self.shown = 0.0, list[float](), list[str]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/device"):
            return httpx.Response(200, json=DEVICE)
        if request.method == "POST":
            return next(self._answers, refused("authorization_pending"))
        return httpx.Response(200, json=self._metadata)

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.time += seconds

    def sign_in(self) -> str:
        client = IssuerClient(Settings(issuer=ISSUER), httpx.MockTransport(self))
        return asyncio.run(sign_in(client, "piket-cli", self.shown.append, seconds=lambda: self.time, pause=self.pause))


def test_the_terminal_waits_as_long_as_the_issuer_wants() -> None:
    token = httpx.Response(200, json={"access_token": "token"})
    issuer = Issuer(refused("authorization_pending"), refused("slow_down"), httpx.Response(503), token)
    assert issuer.sign_in() == "token"
    assert issuer.pauses == [5, 5, 10, 15]
    assert issuer.shown == [f"Open {ISSUER}/perangkat in a browser, sign in, and enter the code WDJB-MJHT"]


FAILURES: Mapping[str, tuple[Issuer, str]] = {
    "refused in the browser": (Issuer(refused("access_denied")), "was refused in the browser"),
    "too late": (Issuer(refused("expired_token")), "Nobody signed in before the code expired"),
    "never": (Issuer(), "Nobody signed in before the code expired"),
    "an unknown client": (Issuer(refused("invalid_client")), "The issuer gave no token: invalid_client."),
    "an issuer without terminals": (
        Issuer(metadata={k: v for k, v in METADATA.items() if k != "device_authorization_endpoint"}),
        "names no device_authorization_endpoint. Check PIKET_ISSUER",
    ),
}


@pytest.mark.parametrize(("issuer", "says"), FAILURES.values(), ids=FAILURES.keys())
def test_who_cannot_sign_in_is_told_why(issuer: Issuer, says: str) -> None:
    with pytest.raises(SignInFailed) as failed:
        issuer.sign_in()
    assert says in str(failed.value)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text("an older token")
    file.chmod(0o644)
    return file


def test_only_its_owner_can_read_the_file_of_a_token(file: Path) -> None:
    with replaced_file(file) as part:
        part.write_text("a token")
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode), [*file.parent.iterdir()]) == ("a token", 0o600, [file])


def test_who_does_not_sign_in_keeps_the_older_token(file: Path) -> None:
    with pytest.raises(SignInFailed, match="refused"), replaced_file(file):
        raise SignInFailed("refused")
    assert (file.read_text(), [*file.parent.iterdir()]) == ("an older token", [file])


@pytest.mark.parametrize("name", ["no folder/token", ""])
def test_a_file_that_cannot_be_written_is_named_before_anybody_signs_in(tmp_path: Path, name: str) -> None:
    happened = []
    with pytest.raises(SignInFailed, match="cannot be written"), replaced_file(tmp_path / name):
        happened.append("signed in")
    assert (happened, [*tmp_path.iterdir()]) == ([], [])


def test_the_minutes_of_a_token_are_those_that_it_says() -> None:
    now = int(time.time())
    assert minutes_of(jwt.encode({"iat": now, "exp": now + 899}, "key" * 16)) == 15


@pytest.mark.parametrize("token", ["opaque", jwt.encode({"exp": 1}, "key" * 16), jwt.encode({"iat": 0}, "key" * 16)])
def test_a_token_that_does_not_say_how_long_it_is_valid_is_no_sign_in(token: str) -> None:
    with pytest.raises(SignInFailed, match="no JSON Web Token"):
        minutes_of(token)
