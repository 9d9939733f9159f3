"""What a process is told by its environment, read once in `app.py` and passed down."""

import json
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.clock import Clock, from_setting
from shared.database import Database
from shared.identity import Identity


class Settings(BaseSettings):
    """Everything begins with `PIKET_`: `PIKET_STORE`, `PIKET_KAFKA`, ..."""

    model_config = SettingsConfigDict(env_prefix="PIKET_", frozen=True)

    profile: str = "production"
    store: str = Field("sqlite://{folder}/{service}.db", pattern=r"^(sqlite|postgresql)://")
    folder: Path = Path("run")
    kafka: str = "127.0.0.1:9092"
    regions: str = "32"
    deployment: str = "local"
    partitions: int = 3
    jwks: Path = Path("run/jwks.json")
    issuer: str = "urn:piket:demo:issuer"
    audience: str = "piket"
    clock: str = ""
    gateway: str = "http://127.0.0.1:8080"
    token_file: str = "run/token-{region}"  # noqa: S105 - where it lies
    metrics_port: int = 0

    def now(self) -> Clock:
        """The clock of domain instants."""
        return from_setting(self.clock, self.profile)

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
