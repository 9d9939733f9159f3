"""Defines `piket policy import`, which reads the OPD register from a file, and `template`, which writes such a file."""

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

from deploy.cli.policy.errors import both_languages
from deploy.cli.policy.questions import RegionOption, parse_day
from deploy.cli.policy.subjects import policy_store
from deploy.reference_world.register_template import register_template, template_rows
from deploy.reference_world.seeding import VALID_FROM
from services.policy.domain.decider import State
from services.policy.domain.register_import import import_decider
from services.policy.domain.register_import.export import register_file
from services.policy.domain.register_import.import_decider import ImportSummary, ProgressCallback
from services.policy.domain.register_import.sheet import RegisterSheet, read_register
from shared.domain.decider import StoreCommand
from shared.domain.errors import FieldError, Invalid
from shared.domain.places import government_of
from shared.domain.sheets.rows import FileFormat
from shared.event_store.store import Store
from shared.settings import Settings

cli = typer.Typer()
PRINCIPAL = "operator:policy-import"
MAX_NAMES = 20
"""Maximum number of names that are printed per type of change."""


class RegisterSet(StrEnum):
    """Sets of typical OPD."""

    PROVINSI = "provinsi"
    KOTA = "kota"


def _check_file(path: Path) -> Path:
    if path.suffix.lower() not in {".xlsx", ".csv"}:
        raise typer.BadParameter(f"{path.name} is neither .xlsx nor .csv.")
    if path.is_dir() or not path.resolve().parent.is_dir():
        raise typer.BadParameter(f"{path} cannot be a file: its folder does not exist, or it is a folder itself.")
    return path


def _check_existing_file(path: Path) -> Path:
    if not _check_file(path).is_file():
        raise typer.BadParameter(f"{path} does not exist.")
    return path


NewFileArgument = Annotated[Path, typer.Argument(callback=_check_file, help=".xlsx or .csv")]
FileArgument = Annotated[Path, typer.Argument(callback=_check_existing_file, help=".xlsx or .csv")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="show what would change, store nothing")]
SinceOption = Annotated[
    date | None, typer.Option("--from", parser=parse_day, help=f"first valid date; default {VALID_FROM}")
]
SetOption = Annotated[RegisterSet | None, typer.Option("--set", help="provinsi or kota; default: by region")]


@cli.command("import")
def import_(file: FileArgument, region: RegionOption, *, dry_run: DryRunOption = False) -> None:
    """Record the OPD, units and posts of a file in the register: all of the file, or nothing."""
    content = file.read_bytes()
    try:
        tally = asyncio.run(_import_file(file, region, content, dry_run=dry_run))
    except Invalid as invalid:
        print(*map(error_text, invalid.errors), sep="\n", file=sys.stderr)
        sys.exit(f"{file}: {_count(len(invalid.errors), 'error')}. Nothing was stored.")
    print(*summary(tally, "would be" if dry_run else "were"), sep="\n")


@cli.command()
def template(region: RegionOption, file: NewFileArgument, set_: SetOption = None, since: SinceOption = None) -> None:
    """Write a register to edit and import: the 38 OPD of a province, or the OPD of a typical kota."""
    government = government_of(region)
    register = register_template(government, set_.value if set_ else None, since or date.fromisoformat(VALID_FROM))
    rows = template_rows(government, register)
    file.write_bytes(register_file(_file_format(file), rows, both_languages))
    where = f"Their sites are in the centre of {government.name}." if government.is_located else "Fill in lat and lng."
    print(f"{file}: {len(register.agencies)} OPD, {len(register.units)} units. {where}")


def _file_format(file: Path) -> FileFormat:
    return cast("FileFormat", file.suffix.lower()[1:])


async def _import_file(file: Path, region: str, content: bytes, *, dry_run: bool) -> ImportSummary:
    async with policy_store(Settings()) as store:
        with Console(stderr=True).status(f"Reading {file} …") as status:
            parsed = read_register(region, _file_format(file), content)
            await store.open()

            def show_progress(number: int, total: int) -> None:
                status.update(f"{number} of {total} OPD and units checked …")

            return await _run_import(store, parsed, content, show_progress, dry_run=dry_run)


async def _run_import(
    store: Store[State], parsed: RegisterSheet, content: bytes, show_progress: ProgressCallback, *, dry_run: bool
) -> ImportSummary:
    """Run one command for the whole file, and return its summary.

    Its idempotency key holds the head of the region: of two equal imports at the same time only one is stored, but the
    same file can be imported again after other changes.
    """
    digest = hashlib.sha256(content).hexdigest()
    command = StoreCommand(
        region=parsed.region,
        stream=import_decider.stream(parsed),
        decide=partial(import_decider.decide, parsed, on_progress=show_progress),
        principal=PRINCIPAL,
        key=f"{digest}/{await store.head(parsed.region)}",
        fingerprint=digest,
        reads=import_decider.reads(parsed),
    )
    if dry_run:
        events = [sealed.event for sealed in await store.dry_run(command)]
        return import_decider.import_summary(parsed, ((event.subject, event.streamversion) for event in events))
    outcome = await store.execute(command)
    return import_decider.import_summary(
        parsed, ((event.subject, event.streamversion) for event in outcome.answer.events)
    )


def error_text(error: FieldError) -> str:
    """Return an error for the terminal: the cell, then the text in Indonesian and in English."""
    _, _, row, column = error.pointer.split("/") if error.pointer.count("/") == 3 else ("", "", "", "")
    cell = f"baris/row {row}, {column}: " if row else ""
    return f"{cell}{both_languages(error.message)}"


def summary(tally: ImportSummary, verb: str) -> list[str]:
    """Return lines that list the changes of an import."""
    lines = [
        f"{len(tally.opd_new)} OPD opened{_name_list(tally.opd_new)}",
        f"{_count(len(tally.units_new), 'unit')} added{_name_list(tally.units_new)}",
        f"{_count(len(tally.units_changed), 'unit')} changed{_name_list(tally.units_changed)}",
        f"{tally.opd_unchanged} OPD and {_count(tally.units_unchanged, 'unit')} unchanged",
    ]
    return [f"These {verb} stored:", *lines]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _name_list(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    return f": {', '.join(names[:MAX_NAMES])}{more}" if names else ""
