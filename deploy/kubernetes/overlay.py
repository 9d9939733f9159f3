"""Reads from the files of a Kustomize overlay what its generated files depend on."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, ValidationError
from ruamel.yaml import YAML


class UnreadableOverlay(Exception):
    """A folder is not an overlay, or a value in it cannot be used. The message is for the operator."""


def _split(text: object) -> object:
    return text.split(",") if isinstance(text, str) else text


RegionCode = Annotated[str, Field(pattern=r"^\d+$")]


class Overlay(BaseModel):
    """A deployment on Kubernetes: its name, regions and partitions, and how many pods each process has."""

    # Part of the names of users, topics and Secrets, so Kubernetes must accept it.
    deployment: str = Field(alias="PIKET_DEPLOYMENT", pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$")
    regions: Annotated[tuple[RegionCode, ...], BeforeValidator(_split)] = Field(alias="PIKET_REGIONS")
    partitions: int = Field(alias="PIKET_PARTITIONS", ge=1)
    pods: Mapping[str, int] = Field(default_factory=dict)


def read_overlay(folder: Path) -> Overlay:
    """Return the overlay of a folder from its settings.env and kustomization.yaml. Raise `UnreadableOverlay`."""
    try:
        settings = dict(
            line.split("=", 1)
            for line in (folder / "settings.env").read_text().splitlines()
            if "=" in line and not line.startswith("#")
        )
        kustomization: Any = YAML(typ="safe").load(folder / "kustomization.yaml")
    except OSError as error:
        raise UnreadableOverlay(
            f"{folder} is not an overlay: {error.filename} cannot be read ({error.strerror}). Nothing was written. "
            "Copy a folder of deploy/kubernetes/overlays, and change its settings.env."
        ) from error
    pods = {entry["name"]: entry["count"] for entry in kustomization.get("replicas", ())}
    try:
        return Overlay.model_validate(settings | {"pods": pods})
    except ValidationError as error:
        reasons = "; ".join(f"{entry['loc'][0]}: {entry['msg']}" for entry in error.errors())
        raise UnreadableOverlay(f"{folder / 'settings.env'}: {reasons}. Nothing was written.") from error
