"""Signs a person in at a terminal by the device authorization grant (RFC 8628): they enter a code in a browser."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import jwt

from shared.identity.issuer import IssuerClient, IssuerRefused, IssuerUnreachable

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
SLOWER_S = 5
"""By how much the issuer wants longer pauses when it answers `slow_down` (section 3.5)."""


class SignInFailed(Exception):
    """Nobody signed in. The message says why, and what to do."""


async def sign_in(
    issuer: IssuerClient,
    client_id: str,
    show: Callable[[str], None],
    seconds: Callable[[], float] = time.monotonic,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> str:
    """Show an address and a code, wait until the person has signed in there, and return the token.

    Raise `SignInFailed`, also if the issuer does not answer at the beginning.
    """
    try:
        device = await issuer.device_code(client_id)
    except (IssuerUnreachable, IssuerRefused) as error:
        raise SignInFailed(
            f"The issuer gave no code: {error}. Check PIKET_ISSUER and the client {client_id}."
        ) from error
    show(f"Open {device.verification_uri} in a browser, sign in, and enter the code {device.user_code}")
    grant = {"grant_type": GRANT_TYPE, "client_id": client_id, "device_code": device.device_code}
    interval, deadline = device.interval, seconds() + device.expires_in
    while seconds() < deadline:
        await pause(interval)
        try:
            return (await issuer.tokens(grant, "access_token"))["access_token"]
        except IssuerRefused as refused:
            interval += _longer_by(refused)
        except IssuerUnreachable:
            interval += SLOWER_S  # it may answer again before the code expires
    raise SignInFailed("Nobody signed in before the code expired. Start again.")


def write_token(file: Path, token: str) -> int:
    """Write a token to a file that only its owner can read, and return for how many minutes it is valid."""
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600, exist_ok=False)
    part.write_text(token)
    part.replace(file)
    # Not verified: the services do that. Here it only tells the person when to sign in again.
    claims = jwt.decode(token, options={"verify_signature": False})
    return round((int(claims["exp"]) - int(claims["iat"])) / 60)


def _longer_by(refused: IssuerRefused) -> int:
    """Return by how many seconds to wait longer. Raise `SignInFailed` if waiting is of no use."""
    match str(refused).partition(":")[0]:
        case "authorization_pending":
            return 0
        case "slow_down":
            return SLOWER_S
        case "expired_token":
            raise SignInFailed("Nobody signed in before the code expired. Start again.")
        case "access_denied":
            raise SignInFailed("The sign-in was refused in the browser. Nothing was written.")
    raise SignInFailed(f"The issuer gave no token: {refused}.")
