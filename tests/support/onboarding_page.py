"""Reads the commands of a page about onboarding, and fills in the sheets of a small government as officers do."""

import re
from collections.abc import Collection, Iterator
from itertools import groupby, islice
from pathlib import Path
from typing import Any, NamedTuple

from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from deploy.reference_world.synthetic_people import generate_people

FENCE = re.compile(r"^```sh(?: (\w+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
STAFF_OF_UNIT = 6


class CommandBlock(NamedTuple):
    """The commands of a fence, and the word after `sh`, empty for most."""

    kind: str
    commands: tuple[str, ...]


def command_blocks(text: str) -> list[CommandBlock]:
    return [CommandBlock(kind, tuple(body.strip().splitlines())) for kind, body in FENCE.findall(text)]


def keep_opds(register: Path, opds: Collection[str]) -> None:
    """Remove the rows of all other OPD from a register."""
    book = load_workbook(register)
    sheet = book["register"]
    for number in range(sheet.max_row, 1, -1):
        if sheet.cell(number, 1).value not in opds:
            sheet.delete_rows(number)
    book.save(register)


def fill_people(people: Path, register: Path, region: str) -> int:
    """Enter people for each unit of the register, who can serve at its posts. Return their number."""
    book, persons = load_workbook(people), generate_people(region, 1)
    sheet: Worksheet = book["pegawai"]
    for (opd, unit), rows in groupby(_rows(register), key=lambda row: (row["opd"], row["unit"])):
        skills = " ".join(sorted({row["keahlian"] for row in rows if row["keahlian"]}))
        for person in islice(persons, STAFF_OF_UNIT):
            sheet.append([opd, unit, person.name, person.nip, None, None, person.status, skills, "2025-01-01"])
    count = sheet.max_row - 1
    book.save(people)
    return count


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    headings, *rows = load_workbook(file)["register"].iter_rows(values_only=True)
    return (dict(zip(map(str, headings), row, strict=True)) for row in rows)
