"""A demo that runs, and what it tells a reader to try."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console

from deploy.demo.broker import Broker
from deploy.demo.options import Options
from deploy.demo.processes import Stack
from deploy.http_client import Caller
from deploy.reference_world.world import Office
from deploy.simulation.scenario_builder import Plot
from deploy.simulation.shifts import Shift


@dataclass
class Show:
    """A demo that runs: what was asked, its processes, and who asks them."""

    options: Options
    stack: Stack
    broker: Broker
    offices: Sequence[Office]
    caller: Caller
    began: float
    console: Console


def explain(show: Show, plot: Plot) -> None:
    """Print where to look and what to try."""
    print(f"\n  {show.stack.url}/\n")
    if reader := plot.reader:
        page = f"{show.stack.url}/opd/{reader.region}/{reader.opd}"
        print(f"Nobody comes to {reader.post} of {reader.unit}, {reader.opd}: {page}")
        print(f"Be its clerk (once; the same tap again changes nothing):\n\n{curl(show, reader)}\n")
        print(f"To follow this OPD as the README says:\n\n{variables(show, reader)}\n")
    print("Ctrl-C ends everything.\n", flush=True)


def variables(show: Show, reader: Shift) -> str:
    """What the commands of the README need: where, which OPD and day, and the token of an example official."""
    token = show.stack.issuer.sign("pejabat-contoh", roles=["PERSONNEL", "SUBSCRIBER"], region=reader.region)
    named = {
        "PIKET": show.stack.url,
        "BROKER": show.broker.bootstrap,
        "REGION": reader.region,
        "OPD": reader.opd,
        "DAY": str(show.options.day),
        "TOKEN": token,
    }
    return "  export " + " ".join(f"{name}={value}" for name, value in named.items())


def curl(show: Show, reader: Shift) -> str:
    """The tap of an example person, for a terminal."""
    body = {
        "client_id": "0f8fad5b-d9cb-469f-a165-70867728950e",
        "place": {"class": "SITE", "site": reader.site},
        "evidence": {"kind": "GEOFENCE", "accuracy_m": 12, "distance_class": "INSIDE"},
    }
    return f"""  curl -sS {show.stack.url}/attendance/v1/{reader.region}/check-ins \\
    -H 'Authorization: Bearer {show.caller.employee(reader.region, reader.opd, reader.employee)}' \\
    -H 'Idempotency-Key: a-reader-arrives' -H 'Content-Type: application/json' \\
    -d '{json.dumps(body, separators=(",", ":"))}'"""
