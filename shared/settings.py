"""Reads the settings of a process from its environment, once at its start."""

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.clock import Clock, clock_from_setting

MAX_PORT = 65_535


def validate_addresses(text: str) -> str:
    """Return the text if it is `host:port`, or several separated by commas; else raise ValueError."""
    for address in text.split(","):
        match = re.fullmatch(r"[^\s,]+:([0-9]{1,5})", address)
        if not (match and 0 < int(match[1]) <= MAX_PORT):
            raise ValueError(f"give host:port, not {address!r}")
    return text


def _validate_deployment(text: str) -> str:
    """Return the name of a deployment; it becomes part of the names of Kafka topics and consumer groups."""
    # A name that ends in -g and a number would be confused with the generation suffix of another deployment.
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,60}", text) or re.search(r"-g\d+$", text):
        raise ValueError("give 1 to 60 letters, digits, points, dashes, not ending in -g and a number")
    return text


def _validate_gateway(text: str) -> str:
    """Return the address of an HTTP server without a slash at its end. Raise ValueError if the text is none."""
    parts = urlsplit(text)
    # `port` raises ValueError itself if it is not a number.
    is_address = re.fullmatch(r"https?://[^\s?#]+", text) and parts.hostname and parts.port != 0
    if not is_address:
        raise ValueError(f"give http://host:port or https://host, not {text!r}")
    return text.rstrip("/")


class Settings(BaseSettings):
    """Settings of every process. Their variables begin with `PIKET_`: `PIKET_STORE`, `PIKET_KAFKA`, ..."""

    model_config = SettingsConfigDict(env_prefix="PIKET_", frozen=True)

    profile: str = "production"
    store: str = Field("sqlite://{folder}/{service}.db", pattern=r"^(sqlite|postgresql)://")
    folder: Path = Path("run")
    kafka: Annotated[str, AfterValidator(validate_addresses)] = "127.0.0.1:9092"
    regions: str = Field("32", pattern=r"^\d+(,\d+)*$")
    deployment: Annotated[str, AfterValidator(_validate_deployment)] = "local"
    partitions: int = Field(3, ge=1)  # 12 in production; the reasons are in docs/decisions/0010-workers.md
    jwks: Path = Path("run/jwks.json")
    issuer: str = "urn:piket:demo:issuer"
    audience: str = "piket"
    clock: str = ""
    gateway: Annotated[str, AfterValidator(_validate_gateway)] = "http://127.0.0.1:8080"
    token_file: str = "run/token-{region}"  # noqa: S105 - the path of a file
    metrics_port: int = Field(0, ge=0, le=MAX_PORT)
    metrics_host: str = "127.0.0.1"  # another address only in a closed network: metrics are served without a token
    commute_km: float | None = Field(None, ge=0)  # a day at home saves; None: the assumption of the release
    energy_kwh: float | None = Field(None, ge=0)
    targets: Path = Path("run/targets.json")
    alertmanager: str = Field("", pattern=r"^(https?://\S+)?$")

    @field_validator("clock")
    @classmethod
    def _refuse_clock(cls, clock: str, info: ValidationInfo) -> str:
        # `info.data` holds only fields that are declared above this one: `profile` must stay before `clock`.
        if clock and info.data.get("profile") != "demo":
            raise ValueError("a demo clock is refused outside PIKET_PROFILE=demo")
        if clock and not Path(clock).is_file():
            raise ValueError(f"{clock} is not the file of the clock of a running demo, which prints its settings")
        return clock

    def domain_clock(self) -> Clock:
        """Return the clock of domain instants."""
        return clock_from_setting(self.clock)

    def store_url(self, service: str) -> str:
        """Return the address of the database of one service."""
        return self.store.format(folder=self.folder.resolve(), service=service)

    def token(self, region: str) -> str:
        """Return the token with which a service reads the feed of another service in a region."""
        return Path(self.token_file.format(region=region)).read_text().strip()

    def region_list(self) -> list[str]:
        """Return the codes of the regions that this deployment serves."""
        return self.regions.split(",")
