"""Writes into a folder what a government needs to begin. What exists there already is never overwritten."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from deploy.kafka_rights import describing
from deploy.kafka_rights.users import users
from deploy.onboarding import checklist, environment, realm
from deploy.onboarding.people_sheet import people_template
from deploy.reference_world.register_template import RegisterTemplate, register_template, template_rows
from services.policy.domain.reference_data.holidays import default_holidays
from services.policy.domain.register_import.export import register_file
from shared.domain.places import Government
from shared.domain.sheets.files import HintRenderer
from shared.domain.sheets.rows import read_rows
from shared.kafka.broker import topics_of

PERSONNEL_OPD = ("BKPSDM", "BKD")


class Newcomer(NamedTuple):
    """A new government, where its files are, the date, the environment, and what renders hints in both languages."""

    government: Government
    folder: Path
    today: date
    environment: Mapping[str, str]
    deployment: str
    partitions: int
    render_hint: HintRenderer

    @property
    def region(self) -> str:
        """Return the code of the government."""
        return self.government.region

    def register(self) -> RegisterTemplate:
        """Return the register of a typical government of this level, valid from the beginning of the year."""
        return register_template(self.government, None, date(self.today.year, 1, 1))

    def opds(self) -> list[str]:
        """Return the codes of the OPD of the register."""
        return [opening.opd for opening in self.register().agencies]


class FileState(StrEnum):
    """What became of a file: written, or kept because it exists, as this release writes it or another way."""

    WRITTEN = "written"
    UNCHANGED = "exists already"
    DIFFERENT = "kept: it differs from what this release writes now"


def write_files(newcomer: Newcomer) -> Iterator[tuple[str, FileState]]:
    """Write the files that do not exist, and yield what became of each."""
    newcomer.folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # what is saved there later names people
    for name, make in FILES.items():
        yield name, _write(newcomer.folder / name, make(newcomer))


def _write(file: Path, content: bytes) -> FileState:
    if file.exists():
        return FileState.UNCHANGED if _has_content(file, content) else FileState.DIFFERENT
    file.touch(mode=0o600)  # names and numbers of people will stand in some of them
    file.write_bytes(content)
    return FileState.WRITTEN


def _has_content(file: Path, content: bytes) -> bool:
    """Return whether a file has this content; of a workbook, whether its first sheet has the same cells."""
    present = file.read_bytes()
    if file.suffix != ".xlsx" or present == content:
        return present == content
    return [*read_rows("xlsx", present, "")] == [*read_rows("xlsx", content, "")]


def _topics(newcomer: Newcomer) -> bytes:
    lines = (
        f"{name}  partitions={newcomer.partitions}  {' '.join(f'{key}={value}' for key, value in settings.items())}"
        for name, settings in topics_of(newcomer.region).items()
    )
    return _text("# `piket topics create` creates these topics of Kafka.", *lines)


def _kafka_users(newcomer: Newcomer) -> bytes:
    of_region = users(newcomer.deployment, [newcomer.region])
    return _text("# `piket kafka grant` gives these users their rights.", *describing.lines(of_region))


def _calendar(newcomer: Newcomer) -> bytes:
    years = (newcomer.today.year, newcomer.today.year + 1)
    holidays = [holiday.model_dump(mode="json") for holiday in default_holidays(years)]
    return _text(json.dumps({"command": "declare-holidays", "holidays": holidays}, indent=1, ensure_ascii=False))


def _accounts(newcomer: Newcomer) -> bytes:
    opds = newcomer.opds()
    return realm.accounts(newcomer.region, opds, next(opd for opd in PERSONNEL_OPD if opd in opds)).encode()


def _register(newcomer: Newcomer) -> bytes:
    rows = template_rows(newcomer.government, newcomer.register())
    return register_file("xlsx", rows, newcomer.render_hint)


def _checklist(newcomer: Newcomer) -> bytes:
    return checklist.checklist(newcomer.government, newcomer.folder, newcomer.today, len(newcomer.opds())).encode()


def _text(*lines: str) -> bytes:
    return ("\n".join(lines) + "\n").encode()


FILES: Mapping[str, Callable[[Newcomer], bytes]] = {
    "daftar-periksa.md": _checklist,
    "piket.env": lambda newcomer: environment.environment_file(
        newcomer.government.name, newcomer.region, newcomer.environment
    ).encode(),
    "topics.txt": _topics,
    "kafka-users.txt": _kafka_users,
    "keycloak-accounts.json": _accounts,
    "keycloak-scope.json": lambda newcomer: realm.client_scope(newcomer.region).encode(),
    "calendar.json": _calendar,
    "register.xlsx": _register,
    "people.xlsx": lambda newcomer: people_template(newcomer.region, "xlsx", newcomer.render_hint),
}
"""The files by name, in the order in which they are needed."""
