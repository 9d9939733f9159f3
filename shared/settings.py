"""What a process is told by its environment, read once in `app.py` and passed down."""

import json
import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.clock import Clock, from_setting
from shared.event_store.database import Database
from shared.identity import Identity

PORTS = 65_535


def addresses(text: str) -> str:
    """`host:port`, several with commas between. Raises ValueError for anything else."""
    for address in text.split(","):
        found = re.fullmatch(r"[^\s,]+:([0-9]{1,5})", address)
        if not (found and 0 < int(found[1]) <= PORTS):
            raise ValueError(f"give host:port, not {address!r}")
    return text


def _deployment(text: str) -> str:
    """Part of the names of topics and groups; what ends like a generation would be taken for one of another's."""
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,60}", text) or re.search(r"-g\d+$", text):
        raise ValueError("give 1 to 60 letters, digits, points, dashes, not ending in -g and a number")
    return text


class Settings(BaseSettings):
    """Everything begins with `PIKET_`: `PIKET_STORE`, `PIKET_KAFKA`, ..."""

    model_config = SettingsConfigDict(env_prefix="PIKET_", frozen=True)

    profile: str = "production"
    store: str = Field("sqlite://{folder}/{service}.db", pattern=r"^(sqlite|postgresql)://")
    folder: Path = Path("run")
    kafka: Annotated[str, AfterValidator(addresses)] = "127.0.0.1:9092"
    regions: str = Field("32", pattern=r"^\d+(,\d+)*$")
    deployment: Annotated[str, AfterValidator(_deployment)] = "local"
    partitions: int = Field(3, ge=1)
    jwks: Path = Path("run/jwks.json")
    issuer: str = "urn:piket:demo:issuer"
    audience: str = "piket"
    clock: str = ""
    gateway: str = "http://127.0.0.1:8080"
    token_file: str = "run/token-{region}"  # noqa: S105 - where it lies
    metrics_port: int = Field(0, ge=0, le=PORTS)

    @field_validator("clock")
    @classmethod
    def _of_a_demo(cls, clock: str, told: ValidationInfo) -> str:
        if clock and told.data.get("profile") != "demo":
            raise ValueError("a demo clock is refused outside PIKET_PROFILE=demo")
        return clock

    def now(self) -> Clock:
        """The clock of domain instants."""
        return from_setting(self.clock)

    def database(self, service: str) -> Database:
        """The database of one service."""
        return Database(self.store.format(folder=self.folder.resolve(), service=service))

    def identity(self) -> Identity:
        """The verifier of this deployment's tokens."""
        return Identity.of(json.loads(self.jwks.read_text()), self.issuer, self.audience)

    def token(self, region: str) -> str:
        """The token by which one service reads another's feed of a region."""
        return Path(self.token_file.format(region=region)).read_text().strip()

    def region_list(self) -> list[str]:
        """The regions homed here."""
        return self.regions.split(",")
