"""Defines `piket region`: what a new government needs, its national instruments, and what is still missing."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deploy.cli.policy.dry_run import execute
from deploy.cli.policy.errors import both_languages, exit_on_invalid
from deploy.cli.policy.questions import parse_region
from deploy.onboarding.checks import check_region
from deploy.onboarding.judgement.national_base import national_base
from deploy.onboarding.starter_files import FileState, Newcomer, write_files
from services.policy.domain.read_models.enactment_preview import recording_command
from shared.domain.places import government_of, region_name
from shared.domain.regions import local_date
from shared.settings import Settings

RegionArgument = Annotated[str, typer.Argument(parser=parse_region, help="Kemendagri code: 3276 or 32.76")]
FolderOption = Annotated[Path | None, typer.Option(help="default: a folder named as the region")]
cli = typer.Typer()


@cli.command()
def init(region: RegionArgument, folder: FolderOption = None) -> None:
    """Write what a government needs to begin: settings, topics, users, templates, calendar, and a checklist."""
    settings = Settings()
    newcomer = Newcomer(
        government=government_of(region),
        folder=folder or Path(region),
        today=local_date(settings.domain_clock()(), region),
        environment=os.environ,
        deployment=settings.deployment,
        partitions=settings.partitions,
        render_hint=both_languages,
    )
    states = dict(write_files(newcomer))
    for name, state in states.items():
        print(f"{newcomer.folder / name}: {state}")
    if FileState.WRITTEN not in states.values():
        print("Nothing was changed.")
    begin = newcomer.folder / "daftar-periksa.md"
    print(f"{region_name(region)}: begin with {begin}, then `piket region check {region}`.")


@cli.command()
def check(region: RegionArgument) -> None:
    """Say what a government still lacks for its first rosters, each with the next command; status 1 if anything."""
    sys.exit(asyncio.run(check_region(Settings(), region, Console())))


@cli.command("enact-national")
def enact_national(region: RegionArgument) -> None:
    """Enact the national instruments of today in a region; one that is recorded already stays as it is."""
    today = local_date(Settings().domain_clock()(), region)
    with exit_on_invalid():
        for instrument in national_base(today):
            events = asyncio.run(execute(recording_command(region, instrument)))
            print(f"{instrument.title}: {'enacted' if events else 'recorded already'}.")
