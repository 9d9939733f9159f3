"""Prints what a reader can look at and try in a running demo."""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console

from deploy.demo.broker import Broker
from deploy.demo.monitoring import Monitoring
from deploy.demo.options import Options
from deploy.demo.processes import Stack
from deploy.http_client import HttpClient
from deploy.reference_world.world import Office
from deploy.simulation.scenario_builder import Scenario
from deploy.simulation.shifts import SimulatedShift


@dataclass
class RunningDemo:
    """A running demo: its options, processes, monitoring, offices and HTTP client."""

    options: Options
    stack: Stack
    broker: Broker
    monitoring: Monitoring
    offices: Sequence[Office]
    client: HttpClient
    started_at: float
    console: Console

    @property
    def url(self) -> str:
        """Return the address that readers use."""
        return self.options.url or self.stack.url


def print_instructions(demo: RunningDemo, scenario: Scenario) -> None:
    """Print the address of the board, and commands to try."""
    print(f"\n  {demo.url}/\n")
    if shift := scenario.reader_shift:
        page = f"{demo.url}/opd/{shift.region}/{shift.opd}"
        print(f"Nobody comes to {shift.post} of {shift.unit}, {shift.opd}: {page}")
        print(f"Be its clerk (once; the same tap again changes nothing):\n\n{curl_command(demo, shift)}\n")
        print(f"To follow this OPD as the README says:\n\n{export_command(readme_variables(demo, shift))}\n")
    print(f"To watch the processes as an operator of region {demo.options.regions[0]}:\n\n  {operator_link(demo)}\n")
    print("To use ./piket (verify, reconcile, policy explain, ...) on this demo, in a shell for this demo only:\n")
    operator = {"PIKET_TOKEN": operator_token(demo)}  # for `piket dead-letters`
    print(f"{export_command({**demo.stack.environment, **operator})}\n")
    print(monitoring_lines(demo.monitoring), end="")
    print("Ctrl-C ends everything.\n", flush=True)


def operator_token(demo: RunningDemo) -> str:
    """Return the token of an operator of the demo's first region."""
    return demo.stack.issuer.sign("wahyu", roles=["OPS"], region=demo.options.regions[0])


def operator_link(demo: RunningDemo) -> str:
    """Return the link that signs the operator in and shows the operators' page."""
    return f"{demo.url}/masuk?token={operator_token(demo)}&ke=/operasi"


def monitoring_lines(monitoring: Monitoring) -> str:
    """Return the addresses of Prometheus and Alertmanager, or the sentence why the demo has none."""
    lines = [f"{name.capitalize()}: {address}" for name, address in monitoring.addresses.items()]
    if "alertmanager" in monitoring.addresses:  # Debian's has no page of its own
        lines.append(f"Its alerts: amtool --alertmanager.url {monitoring.addresses['alertmanager']} alert query")
    return "".join(f"{line}\n" for line in [*lines, monitoring.absence] if line)


def readme_variables(demo: RunningDemo, shift: SimulatedShift) -> Mapping[str, str]:
    """Return the variables that the README uses: addresses, OPD, day, token of an official."""
    token = demo.stack.issuer.sign("pejabat-contoh", roles=["PERSONNEL", "SUBSCRIBER"], region=shift.region)
    return {
        "PIKET": demo.url,
        "BROKER": demo.broker.bootstrap,
        "REGION": shift.region,
        "OPD": shift.opd,
        "DAY": str(demo.options.day),
        "TOKEN": token,
    }


def export_command(variables: Mapping[str, str]) -> str:
    """Return one line for a shell that exports these variables."""
    return "  export " + " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())


def curl_command(demo: RunningDemo, shift: SimulatedShift) -> str:
    """Return a `curl` command that sends the tap of an example employee."""
    body = {
        "client_id": "0f8fad5b-d9cb-469f-a165-70867728950e",
        "place": {"class": "SITE", "site": shift.site},
        "evidence": {"kind": "GEOFENCE", "accuracy_m": 12, "distance_class": "INSIDE"},
    }
    return f"""  curl -sS {demo.url}/attendance/v1/{shift.region}/check-ins \\
    -H 'Authorization: Bearer {demo.client.employee_token(shift.region, shift.opd, shift.employee)}' \\
    -H 'Idempotency-Key: a-reader-arrives' -H 'Content-Type: application/json' \\
    -d '{json.dumps(body, separators=(",", ":"))}'"""
