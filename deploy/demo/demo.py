"""`piket demo`: a morning of a living province, on real Kafka, in the browser, until Ctrl-C."""

import asyncio
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from rich.status import Status

from deploy.demo.broker import Broker, broker
from deploy.demo.instructions import Show
from deploy.demo.options import Options
from deploy.demo.processes import Stack
from deploy.demo.run import morning
from deploy.demo.stores import stores
from deploy.http_client import Caller, session
from deploy.reference_world.world import Office, TooFew, world
from shared.kafka.broker import Refused

PREPARED_BEFORE = timedelta(days=3)
console = Console(stderr=True)


def run(options: Options) -> int:
    """Start everything in a folder of its own, play, wait; end every process and remove the folder. The exit status."""
    refuse_taken(options.port)
    offices = _world(options)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have had it ignored
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: signal.raise_signal(signal.SIGINT))
    folder, began = Path(tempfile.mkdtemp(prefix="piket-demo-")), time.monotonic()
    try:
        with started(options, folder) as (stack, kafka, status):
            return asyncio.run(_show(options, stack, kafka, offices, began, status))
    except KeyboardInterrupt:
        console.print(f"Ended. Nothing runs any more, {_kept(options)}.")
        return 1 if options.headless else 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _kept(options: Options) -> str:
    """What a demo leaves behind."""
    elsewhere = [name for name, asked, own in (
        ("the databases", options.store, {"sqlite"}), ("the topics", options.broker, {"auto", "kafka"}),
    ) if asked not in own]  # fmt: skip
    return f"{' and '.join(elsewhere)} were left as they are" if elsewhere else "nothing was kept"


def _world(options: Options) -> Sequence[Office]:
    try:
        return world(options.regions, options.people, options.seed)
    except TooFew as few:
        raise Refused(f"--people {options.people} is too few. {few} Nothing was started.") from few


@contextmanager
def started(options: Options, folder: Path) -> Iterator[tuple[Stack, Broker, Status]]:
    """Broker, stores and processes, for as long as the block runs."""
    store = stores(options.store)
    with console.status("Kafka starts …") as status, broker(options.broker, folder / "kafka", options.regions) as kafka:
        begins = options.begins - PREPARED_BEFORE
        stack = Stack(
            folder / "piket", kafka.bootstrap, begins, store=store, port=options.port, regions=options.regions
        )
        status.update("The services start …")
        with stack:
            yield stack, kafka, status


async def _show(
    options: Options, stack: Stack, kafka: Broker, offices: Sequence[Office], began: float, status: Status
) -> int:
    async with session(stack.url) as http:
        show = Show(options, stack, kafka, offices, Caller(http, stack.issuer), began, console)
        watching = asyncio.create_task(supervise(stack, kafka))
        try:
            return await morning(show, status)
        finally:
            watching.cancel()


async def supervise(stack: Stack, kafka: Broker) -> None:
    """Start again whatever ended by itself, for ever."""
    while True:
        for name, log in await asyncio.to_thread(revive, stack, kafka):
            console.print(f"[yellow]{name} ended by itself and was started again; its log: {log}", soft_wrap=True)
        await asyncio.sleep(1)


def revive(stack: Stack, kafka: Broker) -> list[tuple[str, Path]]:
    """Start again whatever ended by itself, Kafka first; answers the names and where they log."""
    log = kafka.revived()
    revived = [("Kafka", log)] if log else []
    return revived + [(name, stack.folder / f"{name}.log") for name in stack.restart_ended()]


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
