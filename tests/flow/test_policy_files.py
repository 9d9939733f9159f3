"""Tests `piket policy import` and `piket policy template` beside running services."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import monotonic

import pytest
from typer.testing import CliRunner, Result

from deploy.cli.__main__ import cli
from services.policy.domain import decider
from services.policy.domain.decider import State
from shared.domain.decider import StoreCommand
from shared.event_store.database import Database
from shared.event_store.store import Store
from shared.event_store.stored_events import StoredEvent
from tests.support.example_facts import at
from tests.support.office_setup import REGION
from tests.support.register_sheets import COUNTER, FILE, CellsByColumn, csv_of, grid, sheet_from_rows

SCHOOL: CellsByColumn = {**COUNTER, "opd": "DISDIK", "nama_opd": "Dinas Pendidikan"}


@pytest.fixture
def piket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PIKET_FOLDER", str(tmp_path))
    return tmp_path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["policy", *map(str, arguments)])


async def stored_events(folder: Path) -> list[StoredEvent]:
    database = Database(f"sqlite://{folder}/policy.db")
    store: Store[State] = Store(database, service="policy", decider=decider, now=lambda: at("09:00"))
    await store.open()
    stored: list[StoredEvent] = []
    while page := await store.read_feed(REGION, stored[-1].sequence if stored else 0):
        stored += page
    await database.close()
    return stored


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_the_template_is_written_rehearsed_and_imported_once(piket: Path, ending: str) -> None:
    file = piket / f"register.{ending}"
    results = [run("template", "--region", "32", file), run("import", file, "--region", "32", "--dry-run")]
    before = len(asyncio.run(stored_events(piket)))
    results += [run("import", file, "--region", "32") for _ in range(2)]
    assert [result.exit_code for result in results] == [0, 0, 0, 0]
    assert ("38 OPD opened" in results[1].output, before, len(asyncio.run(stored_events(piket)))) == (True, 0, 38 + 65)
    assert "38 OPD and 65 units unchanged" in results[3].output


def test_a_file_that_was_undone_by_another_can_be_imported_again(piket: Path) -> None:
    first, second = piket / "first.csv", piket / "second.csv"
    first.write_bytes(FILE)
    second.write_bytes(FILE.replace(b"MIXED", b"DIRECT"))
    results = [run("import", file, "--region", "32") for file in (first, second, first)]
    assert ["1 unit changed: BKD/LOKET" in result.output for result in results] == [False, True, True]


def test_a_faulty_row_is_reported_in_both_languages_and_nothing_is_stored(piket: Path) -> None:
    (piket / "register.csv").write_bytes(FILE.replace(b"MIXED", b"VIP"))
    result = run("import", piket / "register.csv", "--region", "32")
    assert (result.exit_code, asyncio.run(stored_events(piket))) == (1, [])
    assert "baris/row 3, kelas: Pilih NON_SERVICE" in result.output
    assert "Choose one of NON_SERVICE" in result.output
    assert "register.csv: 1 error. Nothing was stored." in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("import", "tidak-ada.csv", "--region", "32"),
        ("import", "register.ods", "--region", "32"),
        ("import", "register.csv", "--region", "jabar"),
        ("template", "--region", "99", "register.csv"),
        ("template", "--region", "32", "tidak/ada/register.csv"),
        ("template", "--region", "32", "--set", "desa", "register.csv"),
    ],
)
def test_an_invalid_command_line_is_reported_at_once(
    piket: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(piket)
    assert (run(*arguments).exit_code, [*piket.iterdir()]) == (2, [])


async def arrange_one(folder: Path) -> None:
    """Arrange one more school, as its official does over HTTP."""
    database = Database(f"sqlite://{folder}/policy.db")
    store: Store[State] = Store(database, service="policy", decider=decider, now=lambda: at("09:00"))
    command = sheet_from_rows({**SCHOOL, "unit": "SEKOLAH-BARU"}).units[0].command
    decide, reads = partial(decider.decide, command), decider.reads(command)
    await store.execute(StoreCommand(REGION, decider.stream(command), decide, "user:sri", "satu-sekolah", "f", reads))
    await database.close()


def test_1500_schools_of_one_agency_are_imported_and_no_event_is_large(piket: Path) -> None:
    """The times are printed with `-s` and not asserted, because a busy computer may need longer."""
    file = piket / "sekolah.csv"
    file.write_text(csv_of(grid(*({**SCHOOL, "unit": f"SEKOLAH-{n}", "nama_unit": f"SMA {n}"} for n in range(1500)))))
    seconds: dict[str, float] = {}

    def measure(step: str, action: Callable[[], object]) -> None:
        started_at = monotonic()
        action()
        seconds[step] = monotonic() - started_at

    measure("import", lambda: run("import", file, "--region", "32"))
    measure("the same again", lambda: run("import", file, "--region", "32"))
    measure("dry run", lambda: run("import", file, "--region", "32", "--dry-run"))
    measure("one unit more", lambda: asyncio.run(arrange_one(piket)))
    stored = asyncio.run(stored_events(piket))
    longest = max(seconds, key=lambda step: seconds[step])
    print(f"\n1,500 units: {', '.join(f'{step} {s:.2f} s' for step, s in seconds.items())}; the longest is {longest}")
    assert (len(stored), max(len(event.body) for event in stored) < 512_000) == (1502, True)
