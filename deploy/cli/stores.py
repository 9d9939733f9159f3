"""Defines the commands about stores: backup, restore, verify, recover, republish."""

import asyncio
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from shared.settings import Settings


class SourceService(StrEnum):
    """The services that record events: they have a store, and a source per region."""

    POLICY = "policy"
    ROSTER = "roster"
    ATTENDANCE = "attendance"
    REPORTING = "reporting"


ServicesArgument = Annotated[list[SourceService] | None, typer.Argument(help="default: all", show_default=False)]
ServedRegionOption = Annotated[str, typer.Option(help="default: every region of PIKET_REGIONS", show_default=False)]
FromLogOption = Annotated[bool, typer.Option("--from-log")]


def chosen_regions(settings: Settings, region: str) -> Sequence[str]:
    """Return the given region, or all of the deployment if none is given. Exit if the deployment does not serve it."""
    served = settings.region_list()
    if region and region not in served:
        sys.exit(
            f"This deployment does not serve region {region}. Nothing was done. Give one of PIKET_REGIONS:"
            f" {', '.join(served)}."
        )
    return [region] if region else served


def back_up(
    folder: Annotated[Path, typer.Option("--to", help="the folder of all backups; each gets one of its own in it")],
    services: ServicesArgument = None,
) -> None:
    """Back up the stores while Piket runs: for each service a file and a manifest. Exit status 1 if one failed."""
    from deploy.backup import backup

    sys.exit(backup.back_up(Settings(), services or list(SourceService), folder, Console(stderr=True)))


def restore(
    folder: Annotated[Path, typer.Option("--from", help="the folder of one backup, which `piket backup` printed")],
    services: ServicesArgument = None,
    replace: Annotated[
        list[SourceService] | None,
        typer.Option(help="keep the present store of this service under another name", show_default=False),
    ] = None,
) -> None:
    """Restore stores from a backup. Stop their services and the relay first, and run `piket recover` afterwards."""
    from deploy.backup.restore import restore

    console, restored = Console(stderr=True), services or list(SourceService)
    restore(Settings(), restored, folder, replace or [], console)
    names = " ".join(restored) if services else ""
    console.print(f"Next: `piket {f'recover {names}'.strip()}`, then start the services and the relay.", soft_wrap=True)


def verify(
    services: ServicesArgument = None,
    region: ServedRegionOption = "",
    backup: Annotated[
        Path | None, typer.Option(help="check this backup (the folder of one) instead", show_default=False)
    ] = None,
) -> None:
    """Check that the sequence of each source has no gap and that its hash chain is intact, in stores or in a backup."""
    from deploy.backup import verification

    settings, console, verified = Settings(), Console(stderr=True), services or list(SourceService)
    regions = chosen_regions(settings, region)
    if backup:
        verification.verify_backup(backup, verified, console)
    else:
        asyncio.run(verification.verify_stores(settings, verified, regions, console))


def recover(services: ServicesArgument = None, region: ServedRegionOption = "", from_log: FromLogOption = True) -> None:  # noqa: FBT002
    """Add the events of the log that restored stores lack. Stop the services and the relay first."""
    from deploy.operations import recover

    del from_log  # the option documents the source; the log is the only one
    settings = Settings()
    regions = chosen_regions(settings, region)
    for service in services or list(SourceService):
        for code in regions:
            count = asyncio.run(recover.recover(settings, service, code))
            print(f"{service} in region {code}: {count} events were restored from the log.")
    print("Start the services and the relay again.")


def republish(service: SourceService, region: ServedRegionOption = "") -> None:
    """Make the relay send all events of a source again. Readers ignore the events that they have already."""
    from deploy.operations import sources

    settings = Settings()
    for code in chosen_regions(settings, region):
        asyncio.run(sources.republish(settings, service, code))
        print(f"All events of {service} in region {code} will be sent again when the relay starts.")


def add_to(cli: typer.Typer) -> None:
    """Add the commands of this module to `piket`."""
    cli.command("backup")(back_up)
    for command in restore, verify, recover, republish:
        cli.command()(command)
