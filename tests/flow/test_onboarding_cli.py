"""`piket people`, `roster` and `region` against services: what an officer reads, also when something is wrong."""

import asyncio
import json
import stat
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
import pytest_asyncio
from typer.testing import CliRunner, Result

from deploy.cli.__main__ import cli
from deploy.onboarding.judgement.national_base import national_base
from services.policy.app import assemble
from shared.clock import set_clock
from shared.event_store.database import Database
from shared.identity import Identity
from tests.flow.in_process_deployment import in_process_deployment
from tests.support.example_facts import at
from tests.support.http_server import running_server
from tests.support.office_setup import OFFICE, OPD, REGION, Office, require_success
from tests.support.policy_cli import piket
from tests.support.register_sheets import csv_of, grid

DAY = "2025-11-05"
DEWI = {"opd": OPD, "unit": "FRONT", "nama": "Dewi Contoh", "nip": "199001012015032001", "mulai": "2025-01-01"}
SARI = {**DEWI, "nama": "Sari Contoh", "nip": "199203042019032002"}


class Officer:
    """Runs the commands beside a server, with the token of an officer."""

    def __init__(self, office: Office, address: str, folder: Path) -> None:
        self.office, self._address, self._folder = office, address, folder

    async def run(self, *arguments: str, user: str = "sri") -> Result:
        token = self.office.issuer.token(user) if user else ""
        environment = {"PIKET_GATEWAY": self._address, "PIKET_TOKEN": token}
        return await asyncio.to_thread(CliRunner().invoke, cli, [*arguments], env=environment)

    async def import_people(self, *rows: dict[str, str], dry_run: bool = False, user: str = "sri") -> Result:
        file = self._folder / "pegawai.csv"
        file.write_text(csv_of(grid(*rows)))
        options = ["--dry-run"] if dry_run else []
        return await self.run("people", "import", str(file), "--region", REGION, *options, user=user)

    async def count_people(self) -> int:
        path = f"/roster/v1/{REGION}/opd/{OPD}/people"
        answer = await self.office.http.get(
            path, headers={"authorization": f"Bearer {self.office.issuer.token('sri')}"}
        )
        return len(answer.json())


@pytest_asyncio.fixture
async def officer(tmp_path: Path) -> AsyncIterator[Officer]:
    async with in_process_deployment(tmp_path) as (world, deployment):
        world.set_clock(at("09:00", date(2025, 11, 3)))
        await world.office.register()
        await deployment.catch_up()
        async with running_server(deployment.app) as address:
            yield Officer(world.office, address, tmp_path)


async def test_people_are_rehearsed_and_imported_and_a_repeat_changes_nothing(officer: Officer) -> None:
    outputs = [
        await officer.import_people(DEWI, SARI, dry_run=True),
        *[await officer.import_people(DEWI, SARI) for _ in "12"],
    ]
    assert [(result.exit_code, result.output) for result in outputs] == [
        (0, "2 people would be placed, 0 unchanged.\n"),
        (0, "2 people were placed, 0 unchanged.\n"),
        (0, "0 people were placed, 2 unchanged.\n"),
    ]
    assert await officer.count_people() == 2


async def test_what_the_service_refuses_is_shown_at_its_cell_in_both_languages(officer: Officer) -> None:
    result = await officer.import_people(DEWI, {**SARI, "unit": "GUDANG", "nip": "199213042019032002"})
    assert result.exit_code == 1
    assert "baris/row 3, nip: NIP dimulai dengan tanggal lahir" in result.output
    assert f"baris/row 3, unit: Roster belum mengenal unit GUDANG di OPD {OPD}" in result.output
    assert "/ Roster does not know unit GUDANG" in result.output
    assert "2 errors. Nobody was placed." in result.output
    assert ("199213042019032002" in result.output, await officer.count_people()) == (False, 0)


async def test_a_wrong_cell_is_shown_before_anything_is_sent(officer: Officer) -> None:
    result = await officer.import_people({**DEWI, "nip": "1990"}, user="")
    assert (result.exit_code, "baris/row 2, nip: NIP terdiri dari 18 angka" in result.output) == (1, True)


@pytest.mark.parametrize(
    ("user", "says"), [("", "Nothing was sent."), ("dewi", "Your role does not cover this action here.")]
)
async def test_who_may_not_import_is_told_whose_token_is_needed(officer: Officer, user: str, says: str) -> None:
    result = await officer.import_people(DEWI, user=user)
    assert (result.exit_code, says in result.output) == (1, True)
    assert "Set PIKET_TOKEN to the token of the personnel officer" in result.output


async def test_rosters_are_published_for_the_day_without_a_name(officer: Officer) -> None:
    people = [{**DEWI, "nama": p["name"], "nip": p["nip"], "unit": p["unit"]} for p in OFFICE["people"]]
    assert (await officer.import_people(*people)).exit_code == 0
    publish = ("roster", "publish", "--region", REGION, "--opd", OPD, "--date", DAY)
    dry, first, again = [await officer.run(*publish, *more, user="rahmat") for more in (("--dry-run",), (), ())]
    count = len(OFFICE["units"])
    assert f"{count} rosters of {OPD} on {DAY} would be published." in dry.output
    assert f"{count} rosters of {OPD} on {DAY} were published." in first.output
    assert "They were published already." in again.output
    assert "FRONT: " in first.output
    assert not any(person["name"].split()[0] in first.output for person in OFFICE["people"])


async def test_without_a_date_the_calendar_of_the_region_decides_for_which_day_rosters_are_planned(
    officer: Officer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [{**DEWI, "nama": p["name"], "nip": p["nip"], "unit": p["unit"]} for p in OFFICE["people"]]
    assert (await officer.import_people(*people)).exit_code == 0
    local = {"date": "2025-11-04", "kind": "public", "name": "Hari jadi kota", "source": "uji"}
    path, token = f"/policy/v1/{REGION}/holidays", officer.office.issuer.token("sri")
    require_success(await officer.office.post(path, token, {"holidays": [local]}))
    monkeypatch.setenv("PIKET_PROFILE", "demo")
    set_clock(tmp_path / "clock", at("09:00", date(2025, 11, 3)), 1)
    monkeypatch.setenv("PIKET_CLOCK", str(tmp_path / "clock"))
    result = await officer.run("roster", "publish", "--region", REGION, "--opd", OPD, "--dry-run", user="rahmat")
    assert f"rosters of {OPD} on 2025-11-05 would be published" in result.output


async def test_who_is_no_scheduler_publishes_nothing(officer: Officer) -> None:
    result = await officer.run("roster", "publish", "--region", REGION, "--opd", OPD, "--date", DAY)
    assert (result.exit_code, "token of the scheduler" in result.output) == (1, True)


async def test_an_opd_without_units_is_told_what_to_do(officer: Officer) -> None:
    token = officer.office.issuer.sign("penjadwal", roles=["SCHEDULER"], region=REGION, opd="BKD")
    options = ["--region", REGION, "--opd", "BKD", "--date", DAY, "--token", token]
    result = await officer.run("roster", "publish", *options)
    assert (result.exit_code, "Roster has not seen an arrangement of any unit" in result.output) == (1, True)


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> Path:
    """Create the store of policy, as its service does at the start."""
    database = Database(f"sqlite://{tmp_path}/policy.db")
    app = assemble(database, Identity.from_jwks({"keys": []}, "", ""), lambda: at("09:00"))
    async with app.router.lifespan_context(app):
        await app.state.store.open()
    await database.close()
    return tmp_path


async def test_the_national_base_is_enacted_once(store: Path) -> None:
    def enact() -> str:
        environment = {"PIKET_STORE": f"sqlite://{store}/{{service}}.db"}
        return CliRunner().invoke(cli, ["region", "enact-national", "3276"], env=environment).output

    first, again = await asyncio.to_thread(enact), await asyncio.to_thread(enact)
    assert first.count(": enacted.") == again.count(": recorded already.") == len(first.splitlines()) > 0
    assert "PermenPANRB 4/2025: enacted." in first
    assert national_base(date(2025, 11, 6))[0].title == "PermenPANRB 4/2025"


async def test_a_command_of_a_file_is_recorded_once(store: Path) -> None:
    holiday = {"date": "2199-01-01", "kind": "public", "name": "Tahun Baru", "source": "uji"}
    file = store / "libur.json"
    file.write_text(json.dumps({"command": "declare-holidays", "holidays": [holiday]}))

    def record() -> str:
        return piket("record", str(file), "--region", "3276", store=store).output

    assert (await asyncio.to_thread(record), await asyncio.to_thread(record)) == (
        f"{file}: 1 event stored.\n", "It was recorded already.\n",
    )  # fmt: skip


def test_a_folder_of_a_new_government_is_written_and_then_left_alone(tmp_path: Path) -> None:
    init = ["region", "init", "33.74", "--folder", str(tmp_path / "semarang")]
    first, again = [CliRunner().invoke(cli, init, env={"PIKET_REGIONS": "32"}).output for _ in "12"]
    assert f"Kota Semarang: begin with {tmp_path}/semarang/daftar-periksa.md" in first
    assert stat.S_IMODE((tmp_path / "semarang").stat().st_mode) == 0o700
    assert (first.count(": written"), again.count(": exists already"), "Nothing was changed." in again) == (9, 9, True)
    assert "PIKET_REGIONS=32,3374" in (tmp_path / "semarang/piket.env").read_text()


def test_a_region_that_does_not_exist_cannot_begin(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["region", "init", "3299", "--folder", str(tmp_path / "x")])
    assert (result.exit_code, "There is no region 3299" in result.output, (tmp_path / "x").exists()) == (2, True, False)
