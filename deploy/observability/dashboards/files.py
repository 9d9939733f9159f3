"""Writes the dashboards as JSON that Grafana provisions: stable order, one file for each dashboard."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from deploy.observability.dashboards.definitions.efficiency import efficiency
from deploy.observability.dashboards.definitions.pipeline.dashboard import pipeline
from deploy.observability.dashboards.definitions.province import province
from deploy.observability.dashboards.definitions.region import region
from deploy.observability.dashboards.definitions.service import service
from deploy.observability.dashboards.definitions.service_levels import service_levels

FOLDER = Path(__file__).parent / "json"


def all_dashboards() -> Sequence[Dashboard]:
    """Return all dashboards, the general ones first."""
    return [build() for build in (province, region, service, pipeline, efficiency, service_levels)]


def json_files() -> Mapping[str, str]:
    """Return the JSON of each dashboard by the name of its file."""
    return {f"{built.uid}.json": encode(built) for built in all_dashboards()}


def encode(built: Dashboard) -> str:
    """Return a dashboard as JSON."""
    return json.dumps(built, cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def write(folder: Path = FOLDER) -> None:
    """Write all dashboards; files of dashboards that no longer exist are removed."""
    files = json_files()
    folder.mkdir(exist_ok=True)
    for path in folder.glob("*.json"):
        if path.name not in files:
            path.unlink()
    for name, text in files.items():
        (folder / name).write_text(text)
