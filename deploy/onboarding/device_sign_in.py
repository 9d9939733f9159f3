"""Signs a person in at a terminal by the device authorization grant (RFC 8628): they enter a code in a browser."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from errno import EISDIR
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


@contextmanager
def replaced_file(file: Path) -> Iterator[Path]:
    """Yield a new file that only its owner can read, which takes the place of `file` unless the block fails.

    Raise `SignInFailed` before the block if it cannot be written.
    """
    part = file.with_name(f"{file.name}.part")
    try:
        part.unlink(missing_ok=True)
        part.touch(mode=0o600, exist_ok=False)
        if file.is_dir():
            raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
        yield part
        part.replace(file)
    except OSError as error:
        raise SignInFailed(f"{file} cannot be written: {error.strerror}. Name a file in a folder of yours.") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def minutes_of(token: str) -> int:
    """Return for how many minutes a token is valid. Raise `SignInFailed` if it does not say so.

    It is not verified: the services do that. Here it only tells the person when to sign in again.
    """
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
        return round((int(claims["exp"]) - int(claims["iat"])) / 60)
    except (jwt.InvalidTokenError, LookupError, ValueError, TypeError) as error:
        raise SignInFailed("The issuer gave a token that is no JSON Web Token with `iat` and `exp`.") from error


def _longer_by(refused: IssuerRefused) -> int:
    """Return by how many seconds to wait longer. Raise `SignInFailed` if waiting is of no use."""
    match refused.code:
        case "authorization_pending":
            return 0
        case "slow_down":
            return SLOWER_S
        case "expired_token":
            raise SignInFailed("Nobody signed in before the code expired. Start again.")
        case "access_denied":
            raise SignInFailed("The sign-in was refused in the browser. Nothing was written.")
    raise SignInFailed(f"The issuer gave no token: {refused}.")
