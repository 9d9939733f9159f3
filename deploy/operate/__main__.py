"""`python -m deploy.operate`: the commands that run Piket."""

import asyncio
import sys
from typing import Annotated

import typer
import uvicorn

from deploy.operate import demo as the_demo
from deploy.operate import recover as recovery
from deploy.operate import sources
from deploy.operate.gateway import gateway
from services.attendance import app as attendance
from services.policy import app as policy
from services.reporting import app as reporting
from services.reporting import worker as coverage_worker
from services.roster import app as roster
from shared import kafka
from shared.command import Diverged
from shared.settings import Settings
from shared.telemetry import configure

SERVICES = {
    "policy": policy.create,
    "roster": roster.create,
    "attendance": attendance.create,
    "reporting": reporting.create,
}
cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
topics = typer.Typer(no_args_is_help=True, help="The topics of a deployment.")
cli.add_typer(topics, name="topics")


@cli.command()
def serve(
    services: Annotated[
        list[str] | None, typer.Argument(help="policy roster attendance reporting; all if none")
    ] = None,
    port: int = 8080,
) -> None:
    """Serve services over HTTP on 127.0.0.1, each under its own path."""
    settings = Settings()
    apps = {name: SERVICES[name](settings) for name in services or SERVICES}
    uvicorn.run(
        gateway(apps, default=[*apps][-1]),
        host="127.0.0.1",
        port=port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=2,
    )


@cli.command()
def relay() -> None:
    """Move every service's committed events to Kafka."""
    asyncio.run(sources.relay(Settings()))


@cli.command()
def worker() -> None:
    """Keep the coverage view from the events in Kafka."""
    sys.exit(coverage_worker.main())


@topics.command()
def create(replication: int = 1) -> None:
    """Create the topics of PIKET_REGIONS, and the worker's changelog, where missing."""
    settings = Settings()
    asyncio.run(sources.create_topics(settings, replication))


@cli.command()
def republish(service: str, region: str = "32") -> None:
    """Let the relay send a source's events from the first one again; readers know them."""
    sources.republish(Settings(), service, region)


@cli.command()
def verify(service: str, region: str = "32") -> None:
    """Check that a source's sequence has no hole and that its chain holds."""
    asyncio.run(sources.verify(Settings(), service, region))


@cli.command()
def recover(service: str, region: str = "32", from_log: Annotated[bool, typer.Option("--from-log")] = True) -> None:  # noqa: FBT002
    """Bring a store that was restored from an older copy up to the log. Stop the service and the relay first."""
    del from_log  # the log is the one place to recover from
    count = asyncio.run(recovery.recover(Settings(), service, region))
    print(f"{count} events were restored from the log. Start the service and the relay again.")


@cli.command()
def demo(port: int = 8080, at: str = "2025-11-06T08:05+07:00", speed: float = 1) -> None:
    """Show one office on one day, on real Kafka, until Ctrl-C."""
    the_demo.run(port, at, speed)


if __name__ == "__main__":
    configure("piket")
    try:
        cli(prog_name="piket")
    except (kafka.Refused, Diverged) as refused:
        sys.exit(str(refused))
