"""Defines the command `piket` (`python -m deploy.cli`) and its subcommands."""

import asyncio
import sys
from datetime import date
from enum import StrEnum
from pathlib import Path
from socket import gethostname
from typing import Annotated

import typer
import uvicorn
from rich.console import Console

from deploy.cli.errors import operator_message
from deploy.cli.policy_dry_run import cli as instrument_commands
from deploy.cli.policy_questions import cli as policy_commands
from deploy.cli.policy_register import cli as register_commands
from deploy.cli.policy_timeline import cli as timeline_commands
from deploy.demo import options as demo_options
from deploy.demo.demo import run as run_demo
from deploy.operations import reconcile as reconciliation
from deploy.operations import recover as recovery
from deploy.operations import sources, supervisor
from deploy.operations.gateway import gateway
from deploy.view_rebuild import rebuild as view_rebuild
from services.attendance import app as attendance
from services.policy import app as policy
from services.reporting import app as reporting
from services.reporting.worker.settings import WorkerSettings
from services.roster import app as roster
from shared.kafka.broker import topic_sizes
from shared.settings import Settings
from shared.telemetry import configure_logging


class SourceService(StrEnum):
    """The services that record events: they have a store, and a source per region."""

    POLICY = "policy"
    ROSTER = "roster"
    ATTENDANCE = "attendance"


class Service(StrEnum):
    """The services that `piket serve` can serve."""

    POLICY = "policy"
    ROSTER = "roster"
    ATTENDANCE = "attendance"
    REPORTING = "reporting"


FromLogOption = Annotated[bool, typer.Option("--from-log")]
APP_FACTORIES = {
    "policy": policy.create,
    "roster": roster.create,
    "attendance": attendance.create,
    "reporting": reporting.create,
}
cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
topics = typer.Typer(no_args_is_help=True, help="The topics of a deployment.")
cli.add_typer(topics, name="topics")
policy_commands.add_typer(register_commands)
policy_commands.add_typer(instrument_commands)
policy_commands.add_typer(timeline_commands)
cli.add_typer(policy_commands, name="policy")


@cli.command()
def serve(
    services: Annotated[list[Service] | None, typer.Argument(help="default: all")] = None,
    port: int = 8080,
) -> None:
    """Serve services over HTTP on 127.0.0.1, under one path per service."""
    settings = Settings()
    names = [service.value for service in services or Service]
    asyncio.run(sources.check_stores(settings, names))
    apps = {name: APP_FACTORIES[name](settings) for name in names}
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
def worker(
    workers: Annotated[int, typer.Option(min=1, help="number of processes; one per core is enough")] = 1,
    static: Annotated[bool, typer.Option("--static", help="a worker keeps its partitions when it restarts")] = False,  # noqa: FBT002
) -> None:
    """Run worker processes that maintain the coverage view from Kafka. A worker that ends is started again."""
    settings = WorkerSettings()  # checked here, so that no worker is started only to report a wrong setting
    environments = supervisor.worker_environments(workers, settings.metrics_port, gethostname() if static else "")
    asyncio.run(topic_sizes(settings.kafka))  # reports a wrong address once, instead of in each worker again and again
    sys.exit(asyncio.run(supervisor.supervise(environments)))


@topics.command()
def create(replication: int = 1) -> None:
    """Create the missing topics of PIKET_REGIONS, and the changelog of the worker."""
    settings = Settings()
    asyncio.run(sources.create_topics(settings, replication))


@cli.command()
def republish(service: SourceService, region: str = "32") -> None:
    """Make the relay send all events of a source again. Readers ignore the events that they have already."""
    sources.republish(Settings(), service, region)


@cli.command()
def verify(service: SourceService, region: str = "32") -> None:
    """Check that the sequence of a source has no gap and that its hash chain is intact."""
    asyncio.run(sources.verify(Settings(), service, region))


@cli.command()
def recover(service: SourceService, region: str = "32", from_log: FromLogOption = True) -> None:  # noqa: FBT002
    """Add the events of the log that a restored store lacks. Stop the service and the relay first."""
    del from_log  # the option documents the source; the log is the only one
    count = asyncio.run(recovery.recover(Settings(), service, region))
    print(f"{count} events were restored from the log. Start the service and the relay again.")


@cli.command()
def rebuild_view(
    first_date: Annotated[
        str, typer.Option("--from", callback=demo_options.check_past_date, help="the first date to rebuild")
    ],
    workers: Annotated[int, typer.Option(min=1, help="number of processes that read the log")] = 1,
) -> None:
    """Rebuild the coverage view from the log beside the current view, and switch to it."""
    asyncio.run(view_rebuild.rebuild(WorkerSettings(), date.fromisoformat(first_date), workers, Console(stderr=True)))


@cli.command()
def reconcile(
    every: Annotated[float | None, typer.Option(min=1, help="seconds; repeat until cancelled, serve metrics")] = None,
) -> None:
    """Compare the coverage view with rows computed from the stores; exit status 1 if they differ."""
    sys.exit(asyncio.run(reconciliation.reconcile(Settings(), every, Console(stderr=True))))


@cli.command()
def demo(  # noqa: PLR0913, PLR0917 - the options of a command line
    date: Annotated[str, typer.Option(callback=demo_options.check_date)] = "2025-11-06",
    regions: Annotated[str, typer.Option(callback=demo_options.check_regions)] = "32,3271,3276,3277",
    people: Annotated[int, typer.Option(min=1, max=500_000)] = 8000,
    speed: Annotated[float, typer.Option(callback=demo_options.check_speed)] = 60,
    start: Annotated[str, typer.Option("--from", callback=demo_options.check_time)] = "06:30",
    end: Annotated[str, typer.Option("--to", callback=demo_options.check_time)] = "16:30",
    store: Annotated[str, typer.Option(callback=demo_options.check_store)] = "sqlite",
    broker: Annotated[str, typer.Option(callback=demo_options.check_broker)] = "auto",
    headless: Annotated[bool, typer.Option("--headless", help="exit after --to, 1 for errors")] = False,  # noqa: FBT002
    report: Annotated[Path | None, typer.Option(callback=demo_options.check_file)] = None,
    truth: Annotated[Path | None, typer.Option(callback=demo_options.check_file)] = None,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    port: int = 8080,
) -> None:
    """Simulate a morning of a province on real Kafka, until Ctrl-C."""
    window = demo_options.play_window(start, end)
    day_and_regions = demo_options.parse_date(date), tuple(regions.split(","))
    options = demo_options.Options(
        *day_and_regions, people, speed, *window, store, broker, headless, report, truth, seed, port
    )
    sys.exit(run_demo(options))


if __name__ == "__main__":
    configure_logging("piket")
    try:
        cli(prog_name="piket")
    except Exception as error:
        message = operator_message(error)
        if message is None:
            raise
        sys.exit(message)
