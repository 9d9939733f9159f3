"""Runs `piket demo`: the simulated morning of a province on real Kafka, until Ctrl-C."""

import asyncio
import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.status import Status

from deploy.demo.broker import Broker, broker
from deploy.demo.instructions import RunningDemo
from deploy.demo.monitoring import Monitoring, create_monitoring
from deploy.demo.options import Options
from deploy.demo.processes import Stack
from deploy.demo.run import play_morning
from deploy.demo.stores import store_setting
from deploy.http_client import HttpClient, open_session
from deploy.reference_world.world import Office, TooFewPeople, world
from shared.kafka.errors import UnsafeToContinue

SETUP_LEAD = timedelta(days=3)
console = Console(stderr=True)


class RunningDeployment(NamedTuple):
    """The parts of a demo that run as processes, and the line that shows its progress."""

    stack: Stack
    kafka: Broker
    monitoring: Monitoring
    status: Status


def run(options: Options) -> int:
    """Run the demo in a temporary folder and return the exit status. All processes end with it."""
    if (profile := os.environ.get("PIKET_PROFILE", "demo")) != "demo":
        raise UnsafeToContinue(
            f"PIKET_PROFILE={profile} refuses a demo, because a demo invents people and tokens. Nothing was started."
            " Run it without PIKET_PROFILE, on a computer that holds no real deployment."
        )
    check_port_is_free(options.port)
    offices = _create_world(options)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background shell job ignores SIGINT by default
    for number in (signal.SIGTERM, signal.SIGHUP):
        # Raised as KeyboardInterrupt, so that the `with` blocks below stop all processes.
        signal.signal(number, lambda *_: signal.raise_signal(signal.SIGINT))
    folder, started_at = Path(tempfile.mkdtemp(prefix="piket-demo-")), time.monotonic()
    try:
        with running_deployment(options, folder) as deployment:
            return asyncio.run(_run_demo(options, deployment, offices, started_at))
    except KeyboardInterrupt:
        console.print(f"Ended. All processes were stopped, {_kept_message(options)}.")
        return 1 if options.headless else 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _kept_message(options: Options) -> str:
    """Return which data the demo leaves behind, as part of a sentence."""
    kept = [name for name, choice, temporary in (
        ("the databases", options.store, {"sqlite"}), ("the topics", options.broker, {"auto", "kafka"}),
    ) if choice not in temporary]  # fmt: skip
    return f"{' and '.join(kept)} were kept" if kept else "nothing was kept"


def _create_world(options: Options) -> Sequence[Office]:
    try:
        return world(options.regions, options.people, options.seed)
    except TooFewPeople as error:
        raise UnsafeToContinue(f"--people {options.people} is too few. {error} Nothing was started.") from error


@contextmanager
def running_deployment(options: Options, folder: Path) -> Iterator[RunningDeployment]:
    """Run broker, stores, processes and monitoring inside the block."""
    store = store_setting(options.store)
    with (
        console.status("Starting Kafka …") as status,
        broker(options.broker, folder / "kafka", options.regions) as kafka,
    ):
        start = options.start_instant - SETUP_LEAD
        stack = Stack(folder / "piket", kafka.bootstrap, start, store=store, port=options.port, regions=options.regions)
        status.update("Starting the services …")
        observers = create_monitoring(options, folder / "monitoring", stack.targets_file)
        stack.environment.update(observers.settings)
        with stack, observers:
            yield RunningDeployment(stack, kafka, observers, status)


async def _run_demo(
    options: Options, deployment: RunningDeployment, offices: Sequence[Office], started_at: float
) -> int:
    stack, kafka, observers, status = deployment
    async with open_session(stack.url) as http:
        client = HttpClient(http, stack.issuer)
        demo = RunningDemo(options, stack, kafka, observers, offices, client, started_at, console)
        supervision = asyncio.create_task(supervise(deployment))
        try:
            return await play_morning(demo, status)
        finally:
            supervision.cancel()


async def supervise(deployment: RunningDeployment) -> None:
    """Restart processes that end by themselves, until cancelled."""
    while True:
        # In a thread, because restarting Kafka waits until it is ready, and the taps must go on meanwhile.
        for name, log in await asyncio.to_thread(restart_ended, *deployment[:3]):
            console.print(f"[yellow]{name} ended by itself and was started again; its log: {log}", soft_wrap=True)
        await asyncio.sleep(1)


def restart_ended(stack: Stack, kafka: Broker, observers: Monitoring) -> list[tuple[str, Path]]:
    """Restart processes that have ended by themselves, Kafka first; return their names and logs."""
    log = kafka.restart_if_ended()
    restarted = [("Kafka", log)] if log else []
    restarted += [(name, stack.folder / f"{name}.log") for name in stack.restart_ended()]
    return restarted + observers.restart_ended()


def check_port_is_free(port: int) -> None:
    """Raise `UnsafeToContinue` if another server uses the port: the demo would send its requests to it. 0: any port."""
    with socket.socket() as probe:
        # Without this option, connections that closed recently would make the port appear used.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise UnsafeToContinue(
                f"Port {port} of 127.0.0.1 cannot be used ({error}). Nothing was started. Choose another with --port."
            ) from error
