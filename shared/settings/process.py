"""Declares the settings of every process: profile, clock, folder, addresses."""

from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.clock import Clock, clock_from_setting

MAX_PORT = 65_535


def is_loopback(host: str) -> bool:
    """Return whether only this computer can reach a server that listens on this host."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _validate_file(text: str) -> str:
    if text and not Path(text).is_file():
        raise ValueError(f"{text} is not a file")
    return text


def _validate_networks(text: str) -> str:
    for part in filter(None, text.split(",")):
        ip_network(part)  # raises a ValueError that names it
    return text


FileName = Annotated[str, AfterValidator(_validate_file)]


class ProcessSettings(BaseSettings):
    """Settings of a process that neither store, Kafka nor identity concern."""

    model_config = SettingsConfigDict(env_prefix="PIKET_", frozen=True, hide_input_in_errors=True)

    profile: Literal["production", "demo"] = Field(
        "production",
        description="`demo` accepts a scaled clock and invented tokens, and listens on this computer only.",
    )
    folder: Path = Field(Path("run"), description="Folder of SQLite stores and of the relay's checkpoints for them.")
    clock: str = Field("", description="File of a demo's clock.")
    host: str = Field("127.0.0.1", description="Address on which a service listens for HTTP; 0.0.0.0 in a container.")
    port: int = Field(8080, ge=0, le=MAX_PORT, description="Port of a service for HTTP; 0: any free port.")
    tls_certificate: FileName = Field("", description="PEM file of the certificate chain; empty: HTTP without TLS.")
    tls_key: FileName = Field("", description="PEM file of the private key of PIKET_TLS_CERTIFICATE.")
    trusted_proxies: Annotated[str, AfterValidator(_validate_networks)] = Field(
        "",
        description="Addresses and networks (10.0.0.0/8), separated by commas, of the gateways whose `X-Forwarded-For`"
        " and `X-Forwarded-Proto` are believed.",
    )
    metrics_host: str = Field(
        "127.0.0.1", description="Address of the metrics; another one only in a closed network: they need no token."
    )
    metrics_port: int = Field(
        0, ge=0, le=MAX_PORT, description="Port of the metrics, and of the health of relay, worker and reconcile."
    )
    targets: Path = Field(
        Path("run/targets.json"), description="File of Prometheus targets that `/operasi` and the doctor read."
    )
    backup_folder: Path | None = Field(
        None, description="Folder of `piket backup`; if it is set, the doctor asks for a backup of the last 48 hours."
    )
    alertmanager: str = Field(
        "", pattern=r"^(https?://\S+)?$", description="Address of the Alertmanager whose alerts `/operasi` lists."
    )
    commute_km: float | None = Field(
        None, ge=0, description="Kilometres that a day at home saves; empty: the assumption of the release."
    )
    energy_kwh: float | None = Field(
        None, ge=0, description="Kilowatt-hours that a day at home saves; empty: the assumption of the release."
    )

    @field_validator("clock")
    @classmethod
    def _refuse_clock(cls, clock: str, info: ValidationInfo) -> str:
        # `info.data` holds only fields that are declared above this one: `profile` must stay before `clock`.
        if clock and info.data.get("profile") != "demo":
            raise ValueError("a demo clock is refused outside PIKET_PROFILE=demo")
        if clock and not Path(clock).is_file():
            raise ValueError(f"{clock} is not the file of the clock of a running demo, which prints its settings")
        return clock

    @field_validator("host", "metrics_host")
    @classmethod
    def _refuse_host(cls, host: str, info: ValidationInfo) -> str:
        if info.data.get("profile") == "demo" and not is_loopback(host):
            raise ValueError("PIKET_PROFILE=demo listens on this computer only: give 127.0.0.1")
        return host

    @model_validator(mode="after")
    def _require_certificate_and_key(self) -> Self:
        if bool(self.tls_certificate) != bool(self.tls_key):
            raise ValueError("PIKET_TLS_CERTIFICATE and PIKET_TLS_KEY are set together, or both left out")
        return self

    def domain_clock(self) -> Clock:
        """Return the clock of domain instants."""
        return clock_from_setting(self.clock)
