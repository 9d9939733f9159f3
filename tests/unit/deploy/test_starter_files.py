"""Tests what `piket region init` writes, and that it never overwrites what is there."""

import json
from datetime import date
from pathlib import Path

import pytest
from openpyxl import load_workbook

from deploy.cli.policy.errors import both_languages
from deploy.onboarding.environment import environment_file
from deploy.onboarding.starter_files import FILES, FileState, Newcomer, write_files
from services.policy.domain.commands import DeclareHolidays
from shared.domain.places import government_of, region_names

SECRET = "d41d8cd98f00b204"  # noqa: S105 - planted


def newcomer(folder: Path, region: str = "3276", **environment: str) -> Newcomer:
    return Newcomer(government_of(region), folder / region, date(2026, 5, 4), environment, "local", 3, both_languages)


@pytest.fixture(scope="module")
def depok(tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = newcomer(tmp_path_factory.mktemp("depok"), PIKET_TOKEN=SECRET, PIKET_REGIONS="32")
    assert set(dict(write_files(written)).values()) == {FileState.WRITTEN}
    return written.folder


def test_every_file_is_written_once(depok: Path) -> None:
    again = newcomer(depok.parent, PIKET_REGIONS="32")
    before = {file.name: file.read_bytes() for file in depok.iterdir()}
    assert set(dict(write_files(again)).values()) == {FileState.UNCHANGED}
    assert ({file.name: file.read_bytes() for file in depok.iterdir()}, set(before)) == (before, set(FILES))


def test_a_file_that_was_edited_is_kept_and_named(tmp_path: Path) -> None:
    depok = newcomer(tmp_path)
    dict(write_files(depok))
    (depok.folder / "piket.env").write_text("PIKET_REGIONS=3276\n")
    book = load_workbook(depok.folder / "register.xlsx")
    book["register"].delete_rows(2)
    book.save(depok.folder / "register.xlsx")
    (depok.folder / "topics.txt").unlink()
    states = dict(write_files(depok))
    assert {name for name, state in states.items() if state is FileState.DIFFERENT} == {"piket.env", "register.xlsx"}
    assert states["topics.txt"] is FileState.WRITTEN
    assert (depok.folder / "piket.env").read_text() == "PIKET_REGIONS=3276\n"


def test_a_workbook_that_a_program_saved_again_without_a_change_is_as_it_was(tmp_path: Path) -> None:
    depok = newcomer(tmp_path)
    dict(write_files(depok))
    load_workbook(depok.folder / "people.xlsx").save(depok.folder / "people.xlsx")
    assert dict(write_files(depok))["people.xlsx"] is FileState.UNCHANGED


def test_no_file_holds_a_secret_of_the_environment(depok: Path) -> None:
    assert [file.name for file in depok.iterdir() if SECRET.encode() in file.read_bytes()] == []


@pytest.mark.parametrize(
    "store",
    ["postgresql://piket:geheim@db/{service}?sslmode=require", "postgresql://piket@db/{service}?password=geheim"],
)
def test_a_password_in_the_address_of_the_store_is_left_out(store: str) -> None:
    text = environment_file("Kota Depok", "3276", {"PIKET_STORE": store})
    assert "geheim" not in text
    assert "PIKET_STORE='postgresql://piket@db/{service}" in text
    assert "# PIKET_STORE_PASSWORD_FILE=" in text


def test_settings_of_the_environment_are_kept_and_the_region_is_added(depok: Path) -> None:
    assert "\nPIKET_REGIONS=32,3276\n" in (depok / "piket.env").read_text()
    again = environment_file("Kota Depok", "3276", {"PIKET_REGIONS": "3276,32", "PIKET_KAFKA": "broker:9093"})
    assert "\nPIKET_REGIONS=3276,32\n" in again
    assert "\nPIKET_KAFKA=broker:9093\n" in again
    assert "\n# PIKET_KAFKA_CA=\n" in again


def test_the_topics_and_the_users_are_those_of_the_region(depok: Path) -> None:
    topics, users = (depok / "topics.txt").read_text(), (depok / "kafka-users.txt").read_text()
    assert "piket.3276.attendance.v1  partitions=3  cleanup.policy=delete" in topics
    assert "piket-local-subscriber-3276" in users
    assert "piket.32." not in topics + users


def test_an_account_of_keycloak_has_a_role_its_region_and_no_password(depok: Path) -> None:
    users = {user["username"]: user for user in json.loads((depok / "keycloak-accounts.json").read_text())["users"]}
    scheduler = users["penjadwal-3276-disdukcapil"]
    assert (scheduler["realmRoles"], scheduler["attributes"]) == (
        ["SCHEDULER"], {"region": ["3276"], "opd": ["DISDUKCAPIL"]},
    )  # fmt: skip
    assert users["kepegawaian-3276"]["attributes"] == {"region": ["3276"], "opd": ["BKPSDM"]}
    assert not any("credentials" in user for user in users.values())


def test_the_client_scope_gives_the_claim_of_the_region(depok: Path) -> None:
    scope = json.loads((depok / "keycloak-scope.json").read_text())
    assert (scope["name"], scope["protocolMappers"][0]["config"]["claim.value"]) == ("region-3276", "3276")


def test_the_calendar_is_a_command_of_two_years(depok: Path) -> None:
    content = json.loads((depok / "calendar.json").read_text())
    command = DeclareHolidays.model_validate_json(json.dumps({"region": "3276", "holidays": content["holidays"]}))
    assert {holiday.date.year for holiday in command.holidays} == {2026, 2027}


def test_the_checklist_names_the_government_and_its_national_instruments(depok: Path) -> None:
    checklist = (depok / "daftar-periksa.md").read_text()
    assert "# Daftar periksa: Kota Depok (3276) mulai memakai Piket" in checklist
    assert "   - PermenPANRB 4/2025 (`nasional-2025-permenpanrb-4`)" in checklist
    assert "lat" not in checklist


def test_outside_west_java_the_checklist_asks_for_the_positions(tmp_path: Path) -> None:
    sorong = newcomer(tmp_path, "9671")
    dict(write_files(sorong))
    assert "Isi `lat` dan `lng` setiap unit." in (sorong.folder / "daftar-periksa.md").read_text()
    rows = load_workbook(sorong.folder / "register.xlsx")["register"]
    headings = [cell.value for cell in rows[1]]
    first = {heading: cell.value for heading, cell in zip(headings, rows[2], strict=True)}
    assert (first["lat"], first["zona"]) == (None, "Asia/Jayapura")


def test_a_government_of_every_province_can_begin(tmp_path: Path) -> None:
    first_of_province = {code[:2]: code for code in sorted(region_names(), reverse=True) if len(code) == 4}
    for region in first_of_province.values():
        accounts = FILES["keycloak-accounts.json"](newcomer(tmp_path, region))
        assert f"kepegawaian-{region}".encode() in accounts
    assert len(first_of_province) == 38
