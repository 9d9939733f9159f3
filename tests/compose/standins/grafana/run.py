"""Stands where Grafana will: answers /api/health, with status 503 and the faults if Grafana could not load its files.

It draws nothing: no package of Grafana can be installed by apt-get, PyPI or Maven.
"""

import json
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

PROVISIONING = Path("/etc/grafana/provisioning")
PORT = 3000
SOURCE_KEYS = frozenset({"name", "type", "url"})
DASHBOARD_KEYS = frozenset({"title", "uid", "panels", "schemaVersion"})


def faults(root: Path) -> Iterator[str]:
    """Yield each fault of the provisioning files and of the dashboards that they name."""
    sources = set()
    for file, content in documents(root / "datasources"):
        for source in content.get("datasources", []):
            sources.add(source.get("uid"))
            yield from (f"{file}: a data source has no {key}" for key in SOURCE_KEYS - source.keys())
    if not sources:
        yield f"{root}: there is no data source"
    for file, content in documents(root / "dashboards"):
        for provider in content.get("providers", []):
            folder = Path(provider["options"]["path"])
            boards = sorted(folder.rglob("*.json"))
            if not boards:
                yield f"{file}: {folder} has no dashboard"
            for board in boards:
                yield from faults_of_dashboard(board, sources)


def faults_of_dashboard(file: Path, sources: set[str]) -> Iterator[str]:
    """Yield what a dashboard lacks, and each panel that asks an unknown data source."""
    board = json.loads(file.read_text())
    yield from (f"{file}: no {key}" for key in DASHBOARD_KEYS - board.keys())
    for panel in board.get("panels", []):
        uid = (panel.get("datasource") or {}).get("uid", "")
        if uid and not uid.startswith(("$", "-")) and uid not in sources:
            yield f"{file}: panel {panel.get('title')!r} asks data source {uid!r}"


def documents(folder: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield the YAML files of a folder with their content."""
    for file in sorted(folder.glob("*.y*ml")):
        yield file, YAML(typ="safe", pure=True).load(file)


class Health(BaseHTTPRequestHandler):
    """Answers any path."""

    def do_GET(self) -> None:
        """Answer with the faults, in JSON."""
        found = [*faults(PROVISIONING)]
        body = json.dumps({"database": "ok", "version": "stand-in", "faults": found}).encode()
        self.send_response(503 if found else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


if __name__ == "__main__":
    ThreadingHTTPServer(("", PORT), Health).serve_forever()
