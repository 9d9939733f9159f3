"""Runs Prometheus and Alertmanager beside a demo, or writes the configuration of those that run by themselves."""

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from deploy.demo.options import Options
from deploy.local.prometheus import (
    INSTALL_HINT,
    OBSERVABILITY,
    Alertmanager,
    MonitoringServer,
    Prometheus,
    local_configuration,
    read_yaml,
)
from deploy.observability.receivers import with_webhook
from deploy.observability.rules.office_clock import shorten_office_durations
from deploy.observability.rules.rule_files import read_rules, rules_text

SCRAPE_INTERVAL = "2s"
ALERTMANAGER_PORT = 9093
"""The port of an Alertmanager that the demo does not start: the default of its program."""


class Monitoring:
    """The monitoring of a demo, which runs inside its block. `absence` says why it has no servers, if nobody asked."""

    def __init__(self, servers: Sequence[MonitoringServer] = (), absence: str = "") -> None:
        self._servers = servers
        self._running = ExitStack()
        self.absence = absence

    @property
    def addresses(self) -> Mapping[str, str]:
        """Return the address of each server by its name."""
        return {server.name: server.url for server in self._servers}

    @property
    def settings(self) -> Mapping[str, str]:
        """Return the settings by which Piket's processes find the servers."""
        return {f"PIKET_{name.upper()}": url for name, url in self.addresses.items() if name == Alertmanager.name}

    @property
    def pids(self) -> Mapping[str, int]:
        """Return the process id of each server by its name."""
        return {server.name: server.pid for server in self._servers if server.pid}

    def restart_ended(self) -> list[tuple[str, Path]]:
        """Restart servers that have ended by themselves; return their names and logs."""
        ended = [server for server in self._servers if not server.running]
        for server in ended:
            server.restart()
        return [(server.name, server.log) for server in ended]

    def __enter__(self) -> Self:
        with ExitStack() as started:
            for server in self._servers:
                started.enter_context(server)
            self._running = started.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()


def create_monitoring(options: Options, folder: Path, targets: Path) -> Monitoring:
    """Create the servers, unless they run by themselves, or `--no-observe` or a missing program leaves them out."""
    if options.monitoring_files:
        file = write_configuration(options, options.monitoring_files, targets)
        return Monitoring(absence=f"Prometheus is not started here; its configuration was written into {file}.")
    missing = [kind.name for kind in (Prometheus, Alertmanager) if not kind.is_installed()]
    if not options.observe:
        return Monitoring()
    if missing:
        return Monitoring(
            absence=f"Metrics and alerts are left out, because {' and '.join(missing)} cannot be found. {INSTALL_HINT}"
        )
    # Nobody is called in a demo: Alertmanager shows the alerts.
    alertmanager = Alertmanager(folder, with_webhook(read_yaml(OBSERVABILITY / "alertmanager.yaml"), ""))
    rules = _write_rules(options, folder)
    prometheus = Prometheus(folder, targets, [rules], alertmanager=alertmanager.port, interval=SCRAPE_INTERVAL)
    return Monitoring([prometheus, alertmanager])


def write_configuration(options: Options, folder: Path, targets: Path) -> Path:
    """Write what a Prometheus that shares the network and this folder of the demo reads; return its configuration."""
    copy = folder / "targets.json"
    copy.write_bytes(targets.read_bytes())
    production = read_yaml(OBSERVABILITY / "prometheus.yaml")
    rules = [_write_rules(options, folder)]
    configuration = folder / "prometheus.json"
    configuration.write_text(
        json.dumps(local_configuration(production, copy, rules, ALERTMANAGER_PORT, SCRAPE_INTERVAL), indent=1)
    )
    return configuration


def _write_rules(options: Options, folder: Path) -> Path:
    rules = folder / "demo.rules.yaml"
    rules.write_text(rules_text(shorten_office_durations(read_rules(), options.speed)))
    return rules
