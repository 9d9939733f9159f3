"""Returns the text of every generated file of the Kubernetes manifests, and writes it."""

from collections.abc import Iterable, Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from deploy.kubernetes.monitors import process_monitor, prometheus_rule, region_monitor, targets
from deploy.kubernetes.overlay import read_overlay
from deploy.kubernetes.topics import kafka_topics
from deploy.kubernetes.users import credentials, kafka_users
from deploy.observability.rules.rule_files import rules_text

FOLDER = Path(__file__).parent
HEAD = "# Written by `python -m deploy.kubernetes`; do not edit.\n"


def overlay_folders(root: Path = FOLDER / "overlays") -> list[Path]:
    """Return the folders of overlays that have settings of their own, sorted by name."""
    return sorted(file.parent for file in root.rglob("settings.env"))


def common_files() -> Mapping[Path, str]:
    """Return the generated files that are the same for every overlay, by path."""
    folder = FOLDER / "observability"
    return {
        folder / "monitor.yaml": yaml_text([process_monitor()]),
        folder / "rules.yaml": HEAD + rules_text(prometheus_rule()),
    }


def overlay_files(folder: Path) -> Mapping[Path, str]:
    """Return the generated files of an overlay, by path. Raise `UnreadableOverlay`."""
    overlay = read_overlay(folder)
    return {
        folder / "kafka/topics.yaml": yaml_text(kafka_topics(overlay)),
        folder / "kafka/users.yaml": yaml_text(kafka_users(overlay)),
        folder / "credentials.yaml": yaml_text(credentials(overlay)),
        folder / "monitor.yaml": yaml_text([region_monitor(overlay)]),
        folder / "targets.json": targets(overlay),
    }


def write(files: Mapping[Path, str]) -> None:
    """Write files, and the folders that they need."""
    for path, text in files.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


def yaml_text(objects: Iterable[Mapping[str, Any]]) -> str:
    """Return objects as the documents of a YAML file; the innermost lists and mappings take one line each."""
    yaml, text = YAML(typ="safe", pure=True), StringIO()
    yaml.default_flow_style, yaml.width, yaml.sort_base_mapping_type_on_output = None, 10_000, False  # type: ignore[assignment]
    yaml.representer.ignore_aliases = lambda _: True
    yaml.dump_all(objects, text)
    return HEAD + text.getvalue()
