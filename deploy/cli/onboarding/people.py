"""Defines `piket people`: the sheet of people as a template, and its import through the HTTP API."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, cast

import typer

from deploy.cli.api import TokenOption, request, require_success
from deploy.cli.policy.errors import both_languages
from deploy.cli.policy.questions import RegionOption
from deploy.cli.policy.register import DryRunOption, FileArgument, NewFileArgument, error_text
from deploy.cli.terminal import escaped
from deploy.onboarding.people_sheet import PeopleSheet, cell_of, parse_people, people_template
from shared.domain.errors import Invalid

if TYPE_CHECKING:
    import httpx

    from shared.domain.sheets.rows import FileFormat

WHO = "the personnel officer of the region (role PERSONNEL), or of the scheduler of the OPD"
cli = typer.Typer()


@cli.command()
def template(region: RegionOption, file: NewFileArgument) -> None:
    """Write an empty sheet of people, to fill in and import."""
    file.write_bytes(people_template(region, _file_format(file), both_languages))
    print(f"{file}: one row for each person. Fill it in, then run `piket people import {file} --region {region}`.")


@cli.command("import")
def import_(
    file: FileArgument, region: RegionOption, token: TokenOption = "", *, dry_run: DryRunOption = False
) -> None:
    """Place the people of a file in their units: all of them, or nobody."""
    try:
        sheet = parse_people(region, _file_format(file), file.read_bytes())
    except Invalid as invalid:
        _exit_with_errors(file, list(map(error_text, invalid.errors)))
    params = {"dry_run": "true"} if dry_run else {}
    path = f"/roster/v1/{region}/people/import"
    answer = request("roster", "POST", path, token, who=WHO, body={"people": sheet.people}, params=params)
    if errors := _rejected(answer):
        _exit_with_errors(file, [_answered_text(error, sheet) for error in errors])
    changed = len(require_success(answer).json()["events"])
    print(f"{_people(changed)} {'would be' if dry_run else 'were'} placed, {len(sheet.people) - changed} unchanged.")


def _file_format(file: Path) -> "FileFormat":
    return cast("FileFormat", file.suffix.lower()[1:])


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"


def _rejected(answer: "httpx.Response") -> list[dict[str, Any]]:
    """Return the errors of the rows, none if the request was accepted."""
    errors: list[dict[str, Any]] = answer.json().get("errors", []) if answer.is_error else []
    return errors


def _answered_text(error: Mapping[str, str], sheet: PeopleSheet) -> str:
    row, column = cell_of(error.get("pointer", ""), sheet)
    cell = f"baris/row {row}, {column}: " if row else ""
    return escaped(f"{cell}{error['detail']} / {error['detail_en']}")


def _exit_with_errors(file: Path, lines: list[str]) -> NoReturn:
    print(*lines, sep="\n", file=sys.stderr)
    sys.exit(f"{file}: {len(lines)} error{'' if len(lines) == 1 else 's'}. Nobody was placed.")
