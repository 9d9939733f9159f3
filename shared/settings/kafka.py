"""Declares the settings of Kafka: its address and user, and the regions and names of a deployment's topics."""

import re
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_settings import BaseSettings

from shared.settings.process import MAX_PORT


class KafkaSecurity(StrEnum):
    """How a connection to Kafka is protected, in Kafka's words (`security.protocol`)."""

    PLAINTEXT = "PLAINTEXT"
    SSL = "SSL"
    SASL_PLAINTEXT = "SASL_PLAINTEXT"
    SASL_SSL = "SASL_SSL"

    @property
    def has_user(self) -> bool:
        """Return whether a client authenticates with user and password."""
        return self in {KafkaSecurity.SASL_PLAINTEXT, KafkaSecurity.SASL_SSL}

    @property
    def is_encrypted(self) -> bool:
        """Return whether the connection is encrypted and the broker shows a certificate."""
        return self in {KafkaSecurity.SSL, KafkaSecurity.SASL_SSL}


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


class KafkaSettings(BaseSettings):
    """Settings of Kafka and of the regions whose topics a deployment reads and writes."""

    kafka: Annotated[str, AfterValidator(validate_addresses)] = Field(
        "127.0.0.1:9092", description="Addresses of brokers, separated by commas."
    )
    kafka_security: KafkaSecurity = Field(
        KafkaSecurity.PLAINTEXT, description="Protection of connections to Kafka (its `security.protocol`)."
    )
    kafka_username: str = Field("", description="User of Kafka (SCRAM-SHA-512), for SASL_PLAINTEXT and SASL_SSL.")
    kafka_password_file: str = Field("", description="File with the password of PIKET_KAFKA_USERNAME.")
    kafka_ca: str = Field(
        "", description="PEM file of the authority of the brokers' certificates; empty: those of the system."
    )
    regions: str = Field(
        "32", pattern=r"^\d+(,\d+)*$", description="Codes of the governments that are served, separated by commas."
    )
    deployment: Annotated[str, AfterValidator(_validate_deployment)] = Field(
        "local", description="Name of the deployment in the names of its worker's topics and consumer groups."
    )
    # The reasons are in docs/decisions/0010-workers.md.
    partitions: int = Field(3, ge=1, description="Partitions of each topic, never changed in place; 12 in production.")

    @model_validator(mode="after")
    def _refuse_contradictions(self) -> Self:
        """Refuse a user without authentication, or the reverse: a password would silently not be used."""
        security = self.kafka_security
        required = {
            "PIKET_KAFKA_USERNAME": (self.kafka_username, security.has_user),
            "PIKET_KAFKA_PASSWORD_FILE": (self.kafka_password_file, security.has_user),
        }
        for name, (value, is_used) in required.items():
            if is_used and not value:
                raise ValueError(f"PIKET_KAFKA_SECURITY={security} needs {name}")
        for name, (value, is_used) in {**required, "PIKET_KAFKA_CA": (self.kafka_ca, security.is_encrypted)}.items():
            if value and not is_used:
                raise ValueError(
                    f"PIKET_KAFKA_SECURITY={security} does not use {name}: change the one or unset the other"
                )
        return self

    def region_list(self) -> list[str]:
        """Return the codes of the regions that this deployment serves."""
        return self.regions.split(",")
