"""Declares the settings of Kafka: its address, and the regions and names of a deployment's topics."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings

from shared.settings.process import MAX_PORT


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

    kafka: Annotated[str, AfterValidator(validate_addresses)] = "127.0.0.1:9092"
    regions: str = Field("32", pattern=r"^\d+(,\d+)*$")
    deployment: Annotated[str, AfterValidator(_validate_deployment)] = "local"
    partitions: int = Field(3, ge=1)  # 12 in production; the reasons are in docs/decisions/0010-workers.md

    def region_list(self) -> list[str]:
        """Return the codes of the regions that this deployment serves."""
        return self.regions.split(",")
