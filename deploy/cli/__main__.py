"""Defines the command `piket` (`python -m deploy.cli`) and its subcommands.

A command imports what it runs when it runs: all of Piket takes three seconds to import, a relay needs a third of that.
"""

import asyncio
import sys
from datetime import date
from pathlib import Path
from socket import gethostname
from typing import Annotated, Any

import typer
from rich.console import Console

from deploy.cli import dead_letters, stores
from deploy.cli.kafka import kafka, topics
from deploy.cli.onboarding.group import GROUPS
from deploy.cli.policy.group import policy
from deploy.cli.stores import SourceService
from deploy.cli.targets import print_targets
from deploy.demo import options as demo_options
from shared.background import has_failed, until_signal
from shared.settings import MAX_PORT, Settings
from shared.settings.unknown_variables import log_unknown_variables
from shared.telemetry import configure_logging

PortOption = Annotated[int, typer.Option(min=0, max=MAX_PORT, help="0: any free port")]
UrlOption = Annotated[str, typer.Option(callback=demo_options.check_url, help="address of a gateway, for readers")]
FilesOption = Annotated[
    Path | None,
    typer.Option("--monitoring-files", callback=demo_options.check_folder, help="for a Prometheus started elsewhere"),
]
# Without Typer's tracebacks: `operator_message` below prints one sentence for expected failures.
cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
cli.add_typer(topics, name="topics")
cli.add_typer(kafka, name="kafka")
cli.add_typer(policy, name="policy")
for name, group in GROUPS.items():
    cli.add_typer(group, name=name)
cli.command("targets")(print_targets)
cli.add_typer(dead_letters.cli, name="dead-letters")
stores.add_to(cli)


@cli.command()
def serve(
    services: Annotated[list[SourceService] | None, typer.Argument(help="default: all")] = None,
    host: Annotated[str | None, typer.Option(help="default: PIKET_HOST")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=MAX_PORT, help="default: PIKET_PORT; 0: any free one")] = None,
) -> None:
    """Serve services over HTTP in one process, under one path per service."""
    from deploy.operations.gateway import serve_services

    options: dict[str, Any] = {"host": host, "port": port}
    settings = Settings(**{name: value for name, value in options.items() if value is not None})
    serve_services([service.value for service in services or SourceService], settings)
    sys.exit(has_failed())


@cli.command()
def relay(services: Annotated[list[SourceService] | None, typer.Argument(help="default: all")] = None) -> None:
    """Move the committed events of services to Kafka."""
    from deploy.operations.relay import relay

    asyncio.run(until_signal(relay(Settings(), services or ())))


@cli.command()
def worker(
    workers: Annotated[int, typer.Option(min=1, help="number of processes; one per core is enough")] = 1,
    static: Annotated[bool, typer.Option("--static", help="a worker keeps its partitions when it restarts")] = False,  # noqa: FBT002
) -> None:
    """Run worker processes that maintain the coverage view from Kafka. A worker that ends is started again."""
    from deploy.operations import supervisor
    from services.reporting.worker.settings import WorkerSettings
    from shared.kafka.broker import topic_sizes
    from shared.kafka.connection import connection_of
    from shared.tracing.settings import TracingSettings

    TracingSettings()
    settings = WorkerSettings()  # checked here, so that no worker is started only to report a wrong setting
    environments = supervisor.worker_environments(workers, settings.metrics_port, gethostname() if static else "")
    asyncio.run(
        topic_sizes(connection_of(settings))
    )  # reports a wrong address once, instead of in each worker again and again
    sys.exit(asyncio.run(supervisor.supervise(environments)))


@cli.command()
def rebuild_view(
    first_date: Annotated[
        str, typer.Option("--from", callback=demo_options.check_past_date, help="the first date to rebuild")
    ],
    workers: Annotated[int, typer.Option(min=1, help="number of processes that read the log")] = 1,
) -> None:
    """Rebuild the coverage view from the log beside the current view, and switch to it."""
    from deploy.view_rebuild.rebuild import rebuild
    from services.reporting.worker.settings import WorkerSettings

    asyncio.run(rebuild(WorkerSettings(), date.fromisoformat(first_date), workers, Console(stderr=True)))


@cli.command()
def sign_in(
    file: Annotated[Path, typer.Option("--to", help="the file of the token, which only you can read")],
    client: Annotated[str, typer.Option(help="the client of terminals at the issuer")] = "piket-cli",
) -> None:
    """Sign in through a browser, and write a token for the commands that need one (PIKET_TOKEN)."""
    from deploy.onboarding.device_sign_in import SignInFailed, minutes_of, replaced_file, sign_in
    from shared.identity.issuer import IssuerClient

    settings = Settings()
    if not settings.has_remote_issuer:
        sys.exit("PIKET_ISSUER is not the address of an issuer. Nobody was signed in. A demo prints its tokens.")
    try:
        with replaced_file(file) as part:
            token = asyncio.run(sign_in(IssuerClient(settings), client, typer.echo))
            minutes = minutes_of(token)
            part.write_text(token)
    except SignInFailed as failed:
        sys.exit(str(failed))
    typer.echo(f"{file}: written, valid for {minutes} minutes. Next: export PIKET_TOKEN=$(cat {file})")


@cli.command()
def doctor() -> None:
    """Check this deployment: print each fault with its cure; exit status 1 if there is one."""
    from deploy.doctor.checks import examine
    from shared.settings import Settings

    sys.exit(asyncio.run(examine(Settings(), Console())))


@cli.command()
def reconcile(
    every: Annotated[float | None, typer.Option(min=1, help="seconds; repeat until cancelled, serve metrics")] = None,
) -> None:
    """Compare the coverage view with rows computed from the stores; exit status 1 if they differ."""
    from deploy.operations import reconcile

    sys.exit(asyncio.run(until_signal(reconcile.reconcile(Settings(), every, Console(stderr=True)))) or has_failed())


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
    port: PortOption = 8080,
    observe: Annotated[bool, typer.Option(help="run Prometheus and Alertmanager too")] = True,  # noqa: FBT002
    url: UrlOption = "",
    files: FilesOption = None,
) -> None:
    """Simulate a morning of a province on real Kafka, until Ctrl-C."""
    from deploy.demo.demo import run

    window = demo_options.play_window(start, end)
    scope = demo_options.parse_date(date), tuple(regions.split(","))
    options = demo_options.Options(
        *scope, people, speed, *window, store, broker, headless, report, truth, seed, port, observe, url, files
    )
    sys.exit(run(options))


if __name__ == "__main__":
    configure_logging("piket")
    log_unknown_variables()
    try:
        cli(prog_name="piket")
    except Exception as error:
        from deploy.cli.errors import operator_message

        message = operator_message(error)
        if message is None:
            raise
        sys.exit(message)
