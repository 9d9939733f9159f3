"""Declares the settings of identity: whose tokens are accepted, and with which token a service reads another."""

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator
from pydantic_settings import BaseSettings


def _validate_gateway(text: str) -> str:
    """Return the address of an HTTP server without a slash at its end. Raise ValueError if the text is none.

    `{service}` in it stands for the name of a service.
    """
    parts = urlsplit(text.replace("{service}", "service"))
    # `port` raises ValueError itself if it is not a number.
    is_address = re.fullmatch(r"https?://[^\s?#]+", text) and parts.hostname and parts.port != 0
    if not is_address:
        raise ValueError(f"give http://host:port or https://host, not {text!r}")
    return text.rstrip("/")


class IdentitySettings(BaseSettings):
    """Settings of bearer tokens, and of the HTTP addresses to which a service sends its own token."""

    jwks: Path = Path("run/jwks.json")
    issuer: str = "urn:piket:demo:issuer"
    audience: str = "piket"
    gateway: Annotated[str, AfterValidator(_validate_gateway)] = "http://127.0.0.1:8080"
    token_file: str = "run/token-{region}"  # noqa: S105 - the path of a file

    def service_url(self, service: str) -> str:
        """Return the HTTP address of a service."""
        return self.gateway.replace("{service}", service)

    def token(self, region: str) -> str:
        """Return the token with which a service reads the feed of another service in a region."""
        return Path(self.token_file.format(region=region)).read_text().strip()
