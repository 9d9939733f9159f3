"""Declares the settings of identity: whose tokens are accepted, and with which token a service reads another."""

import re
import ssl
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from shared.settings.process import ProcessSettings
from shared.settings.secret_files import read_secret

DEMO_ISSUER = "urn:piket:demo:issuer"
DEMO_KEY_ID = "piket-demo"
"""The id of the key with which a demo signs tokens for anybody."""
URL = re.compile(r"https?://\S+")
OptionalUrl = Annotated[str, Field(pattern=r"^(https?://\S+)?$")]
"""An address of HTTP, or nothing."""


class MissingIssuer(Exception):
    """No issuer of tokens is configured. The message is for the operator."""


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


def _validate_issuer_ca(text: str) -> str:
    """Return the path of a PEM file of certificates, or nothing. Raise ValueError if they cannot be read from it."""
    if not text:
        return text
    try:
        ssl.create_default_context(cafile=text)
    except OSError as error:
        reason = "it holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror
        raise ValueError(f"give the path of a PEM file of certificates, not {text}: {reason}") from error
    return text


class IdentitySettings(ProcessSettings):
    """Settings of bearer tokens, and of the HTTP addresses to which a service sends its own token."""

    issuer: str = Field("", description="Issuer of tokens (OpenID Connect), exactly as its tokens name it.")
    discovery: OptionalUrl = Field("", description="Address of the issuer's metadata, if it is not below the issuer.")
    issuer_ca: Annotated[str, AfterValidator(_validate_issuer_ca)] = Field(
        "",
        description="PEM file of the authority that signed the issuer's certificate; empty: the certificates of the"
        " operating system (of a container: its image), or SSL_CERT_FILE.",
    )
    jwks: str = Field("", description="File or address of the issuer's key set; empty: as the issuer's metadata says.")
    audience: str = Field("piket", description="Audience that a token must name.")
    roles_claim: str = Field(
        "roles", description="Claims that list roles, separated by commas, such as `roles,realm_access.roles`."
    )
    region_claim: str = Field("region", description="Claim with the code of the government.")
    opd_claim: str = Field("opd", description="Claim with the code of the agency (OPD).")
    unit_claim: str = Field("unit", description="Claim with the code of the unit.")
    employee_claim: str = Field("employee", description="Claim with the id (UUID) of the employee.")
    sign_in_client: str = Field("piket-pages", description="Client id with which people sign in on pages.")
    client_id: str = Field("", description="Client id with which a service gets a token; empty: PIKET_TOKEN_FILE.")
    client_secret_file: str = Field("", description="File with the secret of PIKET_CLIENT_ID.")
    token_scope: str = Field(
        "region-{region}", description="Scope that a service asks for, so that its token is for one government."
    )
    token_url: OptionalUrl = Field("", description="Address that gives tokens; empty: as the issuer's metadata says.")
    gateway: Annotated[str, AfterValidator(_validate_gateway)] = Field(
        "http://127.0.0.1:8080", description="Address of the services; {service} in it is replaced by a service's name."
    )
    token_file: str = Field(
        "run/token-{region}", description="File with the token for other services' feeds; demo only."
    )

    @model_validator(mode="after")
    def _refuse_the_demo_issuer(self) -> Self:
        if self.issuer == DEMO_ISSUER and self.profile != "demo":
            raise ValueError("PIKET_ISSUER: the issuer of the demo is refused outside PIKET_PROFILE=demo")
        return self

    @model_validator(mode="after")
    def _refuse_a_client_without_secret(self) -> Self:
        # The reverse is allowed: several services share their other settings.
        if self.client_id and not self.client_secret_file:
            raise ValueError("PIKET_CLIENT_ID needs PIKET_CLIENT_SECRET_FILE, the file with the secret of this client")
        return self

    def trusted_issuer(self) -> str:
        """Return the issuer whose tokens are accepted. Raise `MissingIssuer` if none is configured."""
        if self.issuer:
            return self.issuer
        if self.profile == "demo":
            return DEMO_ISSUER
        raise MissingIssuer(
            "No issuer of tokens is configured. Nothing was started. Set PIKET_ISSUER to the address of your OpenID"
            " Connect issuer, such as https://piket.example/auth/realms/piket (docs/operations/identity.md)."
        )

    @property
    def has_remote_issuer(self) -> bool:
        """Return whether the issuer is a server; that of the demo is not."""
        return URL.fullmatch(self.trusted_issuer()) is not None

    @property
    def jwks_file(self) -> Path | None:
        """Return the file of the key set, None if it is read over HTTP."""
        if self.jwks:
            return None if URL.fullmatch(self.jwks) else Path(self.jwks)
        return None if self.has_remote_issuer else self.folder / "jwks.json"

    def discovery_url(self) -> str:
        """Return the address of the issuer's metadata (OpenID Connect Discovery, section 4). Raise `MissingIssuer`."""
        return self.discovery or f"{self.trusted_issuer().rstrip('/')}/.well-known/openid-configuration"

    def service_url(self, service: str) -> str:
        """Return the HTTP address of a service."""
        return self.gateway.replace("{service}", service)

    def token(self, region: str) -> str:
        """Return the token of a file, with which a service reads another's feed. Raise `UnreadableSecret`."""
        return read_secret(self.token_file.format(region=region), "PIKET_TOKEN_FILE")
