"""Declares the settings of every process: profile, clock, folder, addresses."""

from pathlib import Path

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.clock import Clock, clock_from_setting

MAX_PORT = 65_535


class ProcessSettings(BaseSettings):
    """Settings of a process that neither store, Kafka nor identity concern."""

    model_config = SettingsConfigDict(env_prefix="PIKET_", frozen=True)

    profile: str = "production"
    folder: Path = Path("run")
    clock: str = ""
    metrics_port: int = Field(0, ge=0, le=MAX_PORT)
    metrics_host: str = "127.0.0.1"  # another address only in a closed network: metrics are served without a token
    targets: Path = Path("run/targets.json")
    alertmanager: str = Field("", pattern=r"^(https?://\S+)?$")
    commute_km: float | None = Field(None, ge=0)  # a day at home saves; None: the assumption of the release
    energy_kwh: float | None = Field(None, ge=0)

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
