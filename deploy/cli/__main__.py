"""`python -m deploy.cli`: the commands that run Piket."""

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

from deploy.cli.errors import sentence
from deploy.cli.policy_dry_run import cli as instrument_files
from deploy.cli.policy_questions import cli as policy_questions
from deploy.cli.policy_register import cli as register_files
from deploy.cli.policy_timeline import cli as policy_periods
from deploy.demo import demo as the_demo
from deploy.demo import options as asked
from deploy.operations import reconcile as reconciling
from deploy.operations import recover as recovery
from deploy.operations import sources, supervisor
from deploy.operations.gateway import gateway
from deploy.view_rebuild import rebuild as rebuilding
from services.attendance import app as attendance
from services.policy import app as policy
from services.reporting import app as reporting
from services.reporting.worker.settings import WorkerSettings
from services.roster import app as roster
from shared.kafka.broker import topic_sizes
from shared.settings import Settings
from shared.telemetry import configure


class Source(StrEnum):
    """The services that decide: each has a store and a source per region."""

    POLICY = "policy"
    ROSTER = "roster"
    ATTENDANCE = "attendance"


class Service(StrEnum):
    """What can be served."""

    POLICY = "policy"
    ROSTER = "roster"
    ATTENDANCE = "attendance"
    REPORTING = "reporting"


CREATE = {
    "policy": policy.create,
    "roster": roster.create,
    "attendance": attendance.create,
    "reporting": reporting.create,
}
cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
topics = typer.Typer(no_args_is_help=True, help="The topics of a deployment.")
cli.add_typer(topics, name="topics")
policy_questions.add_typer(register_files)
policy_questions.add_typer(instrument_files)
policy_questions.add_typer(policy_periods)
cli.add_typer(policy_questions, name="policy")


@cli.command()
def serve(
    services: Annotated[list[Service] | None, typer.Argument(help="all if none is named")] = None,
    port: int = 8080,
) -> None:
    """Serve services over HTTP on 127.0.0.1, each under its own path."""
    settings = Settings()
    named = [service.value for service in services or Service]
    asyncio.run(sources.reach(settings, named))
    apps = {name: CREATE[name](settings) for name in named}
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
    workers: Annotated[int, typer.Option(min=1, help="processes: one per core")] = 1,
    static: Annotated[bool, typer.Option("--static", help="each keeps its partitions over a restart")] = False,  # noqa: FBT002
) -> None:
    """Keep the coverage view from the events in Kafka: worker processes, started again when they end."""
    settings = WorkerSettings()  # what the workers will be told: they are not started to say that it is wrong
    told = supervisor.places(workers, settings.metrics_port, gethostname() if static else "")
    asyncio.run(topic_sizes(settings.kafka))  # a wrong address is said at once, not for ever
    sys.exit(asyncio.run(supervisor.keep(told)))


@topics.command()
def create(replication: int = 1) -> None:
    """Create the topics of PIKET_REGIONS, and the worker's changelog, where missing."""
    settings = Settings()
    asyncio.run(sources.create_topics(settings, replication))


@cli.command()
def republish(service: Source, region: str = "32") -> None:
    """Let the relay send a source's events from the first one again; readers know them."""
    sources.republish(Settings(), service, region)


@cli.command()
def verify(service: Source, region: str = "32") -> None:
    """Check that a source's sequence has no hole and that its chain holds."""
    asyncio.run(sources.verify(Settings(), service, region))


@cli.command()
def recover(service: Source, region: str = "32", from_log: Annotated[bool, typer.Option("--from-log")] = True) -> None:  # noqa: FBT002
    """Bring a store that was restored from an older copy up to the log. Stop the service and the relay first."""
    del from_log  # the log is the one place to recover from
    count = asyncio.run(recovery.recover(Settings(), service, region))
    print(f"{count} events were restored from the log. Start the service and the relay again.")


@cli.command()
def rebuild_view(
    begins: Annotated[str, typer.Option("--from", callback=asked.a_past_date, help="the first date to rebuild")],
    workers: Annotated[int, typer.Option(min=1, help="processes that read the log")] = 1,
) -> None:
    """Build the coverage view anew from the log, beside the one in force, and switch to it."""
    asyncio.run(rebuilding.rebuild(WorkerSettings(), date.fromisoformat(begins), workers, Console(stderr=True)))


@cli.command()
def reconcile(
    every: Annotated[float | None, typer.Option(min=1, help="seconds: compare for ever, and serve metrics")] = None,
) -> None:
    """Compare the coverage view with a fold of the stores; status 1 where they differ."""
    sys.exit(asyncio.run(reconciling.reconcile(Settings(), every, Console(stderr=True))))


@cli.command()
def demo(  # noqa: PLR0913, PLR0917 - the options of a command line
    date: Annotated[str, typer.Option(callback=asked.a_date)] = "2025-11-06",
    regions: Annotated[str, typer.Option(callback=asked.some_regions)] = "32,3271,3276,3277",
    people: Annotated[int, typer.Option(min=1, max=500_000)] = 8000,
    speed: Annotated[float, typer.Option(callback=asked.a_speed)] = 60,
    start: Annotated[str, typer.Option("--from", callback=asked.an_hour)] = "06:30",
    end: Annotated[str, typer.Option("--to", callback=asked.an_hour)] = "16:30",
    store: Annotated[str, typer.Option(callback=asked.a_store)] = "sqlite",
    broker: Annotated[str, typer.Option(callback=asked.a_broker)] = "auto",
    headless: Annotated[bool, typer.Option("--headless", help="end after --to, with a status")] = False,  # noqa: FBT002
    report: Annotated[Path | None, typer.Option(callback=asked.a_file)] = None,
    truth: Annotated[Path | None, typer.Option(callback=asked.a_file)] = None,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    port: int = 8080,
) -> None:
    """Show a morning of a living province, on real Kafka, until Ctrl-C."""
    hours = asked.hours(start, end)
    named = asked.day_of(date), tuple(regions.split(","))
    options = asked.Options(*named, people, speed, *hours, store, broker, headless, report, truth, seed, port)
    sys.exit(the_demo.run(options))


if __name__ == "__main__":
    configure("piket")
    try:
        cli(prog_name="piket")
    except Exception as failure:
        said = sentence(failure)
        if said is None:
            raise
        sys.exit(said)
