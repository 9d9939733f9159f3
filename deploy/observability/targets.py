"""Lists the endpoints of metrics of a deployment, as Prometheus reads them from a file (file_sd)."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

VIEW_PROCESSES = frozenset({"app", "reporting"})
"""Names of processes that serve reporting: they have an endpoint for each region beside their own."""

REQUIRED_PROCESSES: Mapping[str, str] = {"app": "app|reporting", "relay": "relay.*", "worker": "worker.*"}
"""The processes of every deployment, and the pattern of their names: MetricsAbsent fires if there is no target."""


def repeated_addresses(addresses: Iterable[tuple[str, str]]) -> list[str]:
    """Return the addresses that several processes have: their series would be mixed."""
    return [address for address, count in Counter(address for _, address in addresses).items() if count > 1]


def missing_processes(names: Sequence[str]) -> list[str]:
    """Return the processes of every deployment that none of these names is."""
    return [
        process for process, pattern in REQUIRED_PROCESSES.items() if not any(re.fullmatch(pattern, n) for n in names)
    ]


def scrape_targets(addresses: Iterable[tuple[str, str]], regions: Sequence[str]) -> list[dict[str, Any]]:
    """Return the targets of processes, given as pairs of a name and `host:port`; replicas have the same name."""
    return [
        target
        for process, address in addresses
        for target in [_target(process, address), *_region_targets(process, address, regions)]
    ]


def write_targets(file: Path, targets: Sequence[dict[str, Any]]) -> None:
    """Write a file of targets. A reader finds the former or the new content, never a part."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    new.write_text(to_json(targets))
    new.replace(file)


def to_json(targets: Sequence[dict[str, Any]]) -> str:
    """Return targets in the JSON format of file_sd."""
    return json.dumps(targets, indent=1) + "\n"


def _target(process: str, address: str, **labels: str) -> dict[str, Any]:
    return {"targets": [address], "labels": {"process": process, **labels}}


def _region_targets(process: str, address: str, regions: Sequence[str]) -> list[dict[str, Any]]:
    served = regions if process in VIEW_PROCESSES else ()
    return [_target(process, address, __metrics_path__=f"/metrics/{region}") for region in served]
