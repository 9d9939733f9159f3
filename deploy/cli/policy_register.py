"""`piket policy import` and `piket policy template`: the register of OPD from a file, and a file to begin with."""

import asyncio
import hashlib
import sys
from datetime import date
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, cast

import typer
from rich.console import Console

from deploy.cli.policy_questions import Region, day_of
from deploy.reference_world.register_template import template as filled_in
from deploy.reference_world.seeding import FROM
from services.policy.domain import decider
from services.policy.domain.decider import State
from services.policy.domain.register_import import import_decider
from services.policy.domain.register_import.export import FILLED, rows
from services.policy.domain.register_import.import_decider import Tally, Told
from services.policy.domain.register_import.rows import Kind, table
from services.policy.domain.register_import.sheet import Sheet, sheet
from shared.domain.decider import Command
from shared.domain.facts.base import Invalid
from shared.domain.places import places
from shared.event_store.store import Store
from shared.settings import Settings

cli = typer.Typer()
PRINCIPAL = "operator:policy-import"
SHOWN = 20
"""Names that are listed of each kind of change."""


class Set(StrEnum):
    """The typical registers."""

    PROVINSI = "provinsi"
    KOTA = "kota"


def _file(path: Path) -> Path:
    if path.suffix.lower() not in {".xlsx", ".csv"}:
        raise typer.BadParameter(f"{path.name} is neither .xlsx nor .csv.")
    if path.is_dir() or not path.resolve().parent.is_dir():
        raise typer.BadParameter(f"{path} is no file: its folder is not there, or it is one itself.")
    return path


def _present(path: Path) -> Path:
    if not _file(path).is_file():
        raise typer.BadParameter(f"{path} is not there.")
    return path


Written = Annotated[Path, typer.Argument(callback=_file, help=".xlsx or .csv")]
File = Annotated[Path, typer.Argument(callback=_present, help=".xlsx or .csv")]
Dry = Annotated[bool, typer.Option("--dry-run", help="show what would change, store nothing")]
Since = Annotated[date | None, typer.Option("--from", parser=day_of, help=f"since when they exist; else {FROM}")]
Typical = Annotated[Set | None, typer.Option("--set", help="provinsi or kota; else what the region is")]


@cli.command("import")
def import_(file: File, region: Region, *, dry_run: Dry = False) -> None:
    """Enter the OPD, units and posts of a file into the register: the whole file, or nothing of it."""
    content = file.read_bytes()
    try:
        told = asyncio.run(_imported(file, region, content, dry_run=dry_run))
    except Invalid as refused:
        print(*map(said, refused.faults), sep="\n", file=sys.stderr)
        sys.exit(f"{file}: {len(refused.faults)} faults. Nothing was stored.")
    print(*summary(told, "would be" if dry_run else "were"), sep="\n")


@cli.command()
def template(region: Region, file: Written, set_: Typical = None, since: Since = None) -> None:
    """Write a register to begin with: the 38 OPD of a province, or those of a typical kota; mend it and import it."""
    place = places().get(region)
    if place is None:
        raise typer.BadParameter(f"{region} has no place on record: give 32 or a kabupaten or kota of West Java.")
    own = filled_in(place, set_.value if set_ else None, since or date.fromisoformat(FROM))
    file.write_bytes(FILLED[_kind(file)](list(rows(own.agencies, own.units))))
    print(f"{file}: {len(own.agencies)} OPD, {len(own.units)} units. Their sites lie in the centre of {place.name}.")


def _kind(file: Path) -> Kind:
    return cast("Kind", file.suffix.lower()[1:])


async def _imported(file: Path, region: str, content: bytes, *, dry_run: bool) -> Tally:
    settings = Settings()
    database = settings.database("policy")
    store = Store(database, service="policy", decider=decider, now=settings.now())
    try:
        with Console(stderr=True).status(f"{file} is read …") as status:
            read = sheet(region, table(_kind(file), content))
            await store.open()

            def told(number: int, of: int) -> None:
                status.update(f"{number} of {of} OPD and units are checked …")

            return await _decided(store, read, content, told, dry_run=dry_run)
    finally:
        await database.close()


async def _decided(store: Store[State], read: Sheet, content: bytes, told: Told, *, dry_run: bool) -> Tally:
    """One command for the whole file.

    Its key names the register that the file met: of two at once one is stored, and later the same file mends it again.
    """
    digest = hashlib.sha256(content).hexdigest()
    command = Command(
        region=read.region,
        stream=import_decider.stream(read),
        decide=partial(import_decider.decide, read, told=told),
        principal=PRINCIPAL,
        key=f"{digest}/{await store.head(read.region)}",
        fingerprint=digest,
        reads=import_decider.reads(read),
    )
    if dry_run:
        events = [sealed.event for sealed in await store.rehearse(command)]
        return import_decider.tally(read, ((event.subject, event.streamversion) for event in events))
    outcome = await store.execute(command)
    return import_decider.tally(read, ((event.subject, event.streamversion) for event in outcome.answer.events))


def said(fault: Invalid) -> str:
    """A fault for a terminal: where, in Indonesian, in English."""
    _, _, row, column = fault.pointer.split("/") if fault.pointer.count("/") == 3 else ("", "", "", "")
    where = f"baris/row {row}, {column}: " if row else ""
    return f"{where}{fault.indonesian} / {fault.english}"


def summary(told: Tally, verb: str) -> list[str]:
    """What an import changed, in a few lines."""
    kinds = {"OPD opened": told.opd_new, "units added": told.units_new, "units changed": told.units_changed}
    lines = [f"{len(names)} {kind}{_named(names)}" for kind, names in kinds.items()]
    return [f"These {verb} stored:", *lines, f"{told.opd_unchanged} OPD and {told.units_unchanged} units unchanged"]


def _named(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f": {', '.join(names[:SHOWN])}{more}" if names else ""
