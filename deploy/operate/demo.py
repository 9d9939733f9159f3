"""`piket demo`: one office on one day, on real Kafka, in the browser, until Ctrl-C."""

import asyncio
import json
import shutil
import signal
import socket
import tempfile
import time
from datetime import date, datetime, timedelta
from pathlib import Path

import httpx
from rich.console import Console

from deploy.local.kafka import Kafka
from deploy.operate import sources
from deploy.operate.office import OPD, REGION, Office, on_site
from deploy.operate.stack import Stack
from shared.kafka import Refused
from shared.settings import Settings

CAME = (
    ("Ujang", timedelta(hours=10, minutes=20)),
    ("Rina", timedelta(minutes=50)),
    ("Yudi", timedelta(minutes=41)),
)
"""Who has come already when the page opens, and how long before; Dewi's counter waits for her."""

PREPARED_BEFORE = timedelta(days=3)
CLIENT_ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
console = Console(stderr=True)


def run(port: int, start: datetime, speed: float) -> None:
    """Start everything in a folder of its own, set the office up, wait; end every process and remove the folder."""
    refuse_taken(port)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    folder = Path(tempfile.mkdtemp(prefix="piket-demo-"))
    began = time.monotonic()
    try:
        with console.status("Kafka starts …") as status, Kafka(folder / "kafka") as kafka:
            stack = Stack(folder / "piket", kafka.bootstrap, start - PREPARED_BEFORE, speed=speed, port=port)
            asyncio.run(sources.create_topics(Settings(kafka=kafka.bootstrap), replication=1))
            status.update("The services start …")
            with stack:
                status.update("The office is set up …")
                asyncio.run(open_office(stack, start, speed))
                status.stop()
                console.print(f"[dim]ready in {time.monotonic() - began:.1f} s[/dim]")
                supervise(stack, kafka)
    except KeyboardInterrupt:
        console.print("Ended. Nothing runs any more, nothing was kept.")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def open_office(stack: Stack, start: datetime, speed: float) -> None:
    """Three days before: the office. On the day: colleagues arrive, the page shows it, Dewi's tap is printed."""
    async with httpx.AsyncClient(base_url=stack.url, timeout=10) as http:
        office = Office(http, stack.issuer)
        today = start.date()
        await office.prepare(today - timedelta(days=1), today, today + timedelta(days=1))
        for name, before in CAME:
            stack.set_clock(start - before)
            await office.tap(name)
        stack.set_clock(start, speed)
        await shown(http, today)
        explain(stack, office)


async def shown(http: httpx.AsyncClient, today: date) -> None:
    """Wait until the board has the office's row."""
    for _ in range(300):
        if (await http.get(f"/reporting/v1/{REGION}/coverage/{OPD}", params={"date": str(today)})).is_success:
            return
        await asyncio.sleep(0.1)
    raise RuntimeError("The coverage row did not arrive within 30 s; see relay.log and worker.log.")


def explain(stack: Stack, office: Office) -> None:
    """Print where to look and what to try."""
    body = json.dumps(on_site(client_id=CLIENT_ID), separators=(",", ":"))
    print(
        f"""
  {stack.url}/opd/{REGION}/{OPD}

Loket 1 has nobody: KRITIS. Its clerk arrives (once; the same tap again changes nothing):

  curl -sS {stack.url}/attendance/v1/{REGION}/check-ins \\
    -H 'Authorization: Bearer {office.token("Dewi")}' \\
    -H 'Idempotency-Key: dewi-arrives' -H 'Content-Type: application/json' \\
    -d '{body}'

Ctrl-C ends everything.
""",
        flush=True,
    )


def refuse_taken(port: int) -> None:
    """Raise `Refused` where another server listens: the demo would else talk to that one. 0 stands for any port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as taken:
            raise Refused(
                f"Port {port} of 127.0.0.1 cannot be used ({taken}). Nothing was started. Give another with --port."
            ) from taken


def supervise(stack: Stack, kafka: Kafka) -> None:
    """Start again whatever ended by itself, until interrupted."""
    while True:
        for name, log in revive(stack, kafka):
            console.print(f"[yellow]{name} ended by itself and was started again; its log: {log}", soft_wrap=True)
        time.sleep(1)


def revive(stack: Stack, kafka: Kafka) -> list[tuple[str, Path]]:
    """Start again whatever ended by itself, Kafka first; answers the names and where they log."""
    revived = []
    if not kafka.running():
        kafka.restart()
        revived.append(("Kafka", kafka.folder))
    return revived + [(name, stack.folder / f"{name}.log") for name in stack.restart_ended()]
