"""Reads whether and how traces are sent, from the standard variables `OTEL_*`. Imports nothing of OpenTelemetry."""

from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

HTTP_ADDRESS = r"^(https?://[^\s/]+.*)?$"
RATIO_SAMPLERS = ("traceidratio", "parentbased_traceidratio")


class TracingSettings(BaseSettings):
    """The variables that decide about traces. The SDK reads all others: headers, timeouts, queue sizes.

    The SDK only warns of a wrong sampler, and then records every request: here it is an error.
    """

    model_config = SettingsConfigDict(frozen=True)

    otel_sdk_disabled: bool = Field(default=False, description="Whether no traces are made, whatever else is set.")
    otel_service_name: str = Field("", description="Name of the process in traces; empty: `piket-` and its name.")
    otel_exporter_otlp_endpoint: str = Field(
        "",
        pattern=HTTP_ADDRESS,
        description="Address of an OpenTelemetry collector (OTLP); empty: no traces.",
    )
    otel_exporter_otlp_traces_endpoint: str = Field(
        "",
        pattern=HTTP_ADDRESS,
        description="Address for traces only, with its path; it is used instead of the one above.",
    )
    otel_exporter_otlp_protocol: str = Field(
        "http/protobuf", description="Protocol of the collector; no other one is supported."
    )
    otel_exporter_otlp_traces_protocol: str = Field("", description="The same for traces only.")
    otel_traces_exporter: Literal["otlp", "none"] = Field("otlp", description="`none`: no traces are sent.")
    otel_traces_sampler: Literal[
        "always_on", "always_off", "traceidratio",
        "parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio",
    ] = Field("parentbased_always_on", description="Which requests are traced.")  # fmt: skip
    otel_traces_sampler_arg: float | None = Field(
        None, ge=0, le=1, description="Ratio of requests that a sampler by ratio traces."
    )

    @property
    def enabled(self) -> bool:
        """Whether traces are sent: only to an endpoint that is set."""
        endpoint = self.otel_exporter_otlp_traces_endpoint or self.otel_exporter_otlp_endpoint
        return bool(endpoint) and self.otel_traces_exporter == "otlp" and not self.otel_sdk_disabled

    @model_validator(mode="after")
    def _check_when_enabled(self) -> Self:
        protocol = self.otel_exporter_otlp_traces_protocol or self.otel_exporter_otlp_protocol
        if self.enabled and protocol != "http/protobuf":
            raise ValueError(
                f"Piket sends traces by http/protobuf, not by {protocol}:"
                " set OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf and the endpoint's port for it (often 4318)"
            )
        if self.enabled and self.otel_traces_sampler in RATIO_SAMPLERS and self.otel_traces_sampler_arg is None:
            raise ValueError(f"{self.otel_traces_sampler} needs OTEL_TRACES_SAMPLER_ARG, a ratio from 0 to 1")
        return self
