"""Checks `piket policy enact|timeline|diff` on the shipped instruments and on a store."""

import asyncio
import json
from pathlib import Path

import pytest

from deploy.cli.policy.subjects import policy_store
from services.policy.domain.presets.catalogue import PRESETS_FOLDER
from shared.domain.envelope import Event
from shared.settings import Settings
from tests.support.policy_cli import import_bkd, piket, write_file

SE_188 = json.loads((PRESETS_FOLDER / "jabar-2026-se-188.json").read_text())


OWN = SE_188 | {"instrument": "jabar-2026-uji", "title": "SE uji", "supersedes": [], "effective_from": "2026-02-02"}


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("jabar-2026-se-188=2025-01-01", "is not enacted in this region"),
        ("depok-2026-se-42=2026-01-01", "is no preset of region 32"),
        ("kota=besok", "besok is not a date"),
        ("kota", "Invalid value for --in-force: kota is not an assumption: write"),
        ("=2026-01-26", "=2026-01-26 is not an assumption"),
        ("kota=", "kota= is not an assumption"),
    ],
)
def test_what_cannot_be_taken_as_in_force_is_reported(option: str, expected: str) -> None:
    question = ("--region", "32", "--opd", "BAPPEDA", "--date", "2026-01-08", "--reference")
    result = piket("effective", *question, "--in-force", option)
    assert (result.exit_code != 0, expected in result.stderr) == (True, True), result.stderr


def test_the_rules_of_a_city_are_listed_by_date() -> None:
    rows = piket("timeline", "--region", "32.76", "--opd", "X", "--reference").stdout.splitlines()
    assert [row[:24] for row in rows[2:4]] == ["2026-01-29 .. 2026-02-16", "2026-02-17 .. 2026-02-18"]
    assert "Hari WFH: Kamis (SE 800/42/BKPSDM/2026)." in rows[2]


def test_two_instants_differ_by_what_was_recorded_between_them() -> None:
    between = ("--before", "2026-02-16", "--after", "2026-02-17")
    result = json.loads(piket("diff", "--region", "3276", "--opd", "X", "--reference", *between).stdout)
    assert result[0]["from"] == "2026-02-17"
    assert result[0]["rules"]["pattern"] == [None, {"weekdays": ["MON"]}]


def test_an_operator_enacts_a_file_once_and_is_answered_from_the_store(tmp_path: Path) -> None:
    file = write_file(tmp_path, json.dumps(OWN | {"effective_from": "2100-01-07"}), "edaran.json")
    results = [piket("enact", file, "--region", "32", store=tmp_path) for _ in range(2)]
    import_bkd(tmp_path)
    assert ["1 event stored" in results[0].stdout, results[1].stdout] == [True, "It was recorded already.\n"]
    rows = piket("timeline", "--region", "32", "--opd", "BKD", store=tmp_path).stdout.splitlines()
    assert [row[:10] for row in rows] == ["2100-01-07"]


def test_a_dry_run_on_a_store_stores_nothing(tmp_path: Path) -> None:
    import_bkd(tmp_path)
    piket("enact", "nasional-2025-permenpanrb-4", "--region", "32", store=tmp_path)
    file = write_file(tmp_path, json.dumps(OWN), "edaran.json")
    assert piket("dry-run", file, "--region", "32", store=tmp_path).exit_code == 0
    rows = piket("timeline", "--region", "32", "--opd", "BKD", store=tmp_path).stdout.splitlines()
    assert (len(rows), [row for row in rows if "SE uji" in row]) == (1, [])


def test_an_opd_that_is_in_no_register_is_named(tmp_path: Path) -> None:
    piket("enact", "nasional-2025-permenpanrb-4", "--region", "32", store=tmp_path)
    result = piket("effective", "--region", "32", "--opd", "BKD", "--date", "2026-01-08", store=tmp_path)
    assert (result.exit_code, result.stderr) == (1, "OPD BKD is not in the register of region 32.\n")


@pytest.mark.parametrize("question", [("timeline",), ("diff", "--before", "2026-01-01")], ids=["timeline", "diff"])
def test_no_rules_are_listed_for_an_opd_that_is_in_no_register(tmp_path: Path, question: tuple[str, ...]) -> None:
    piket("enact", "nasional-2025-permenpanrb-4", "--region", "32", store=tmp_path)
    result = piket(*question, "--region", "32", "--opd", "BKD", store=tmp_path)
    assert (result.exit_code, result.stderr) == (1, "OPD BKD is not in the register of region 32.\n")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("effective", "--date", "2026-01-08", "--known-by", "9999-12-31"), "9999-12-31 is outside"),
        (("effective", "--date", "2026-01-08", "--known-by", "9999-12-31T23:59"), "9999-12-31 is outside"),
        (("diff", "--before", "9999-12-31"), "9999-12-31 is outside"),
        (("diff", "--before", "kemarin"), "kemarin is not a date"),
        (("diff", "--before", "2026-01-08T99:00"), "is not an instant"),
        (("timeline", "--in-force", "depok-2026-se-42=2026-01-01"), "is no preset of region 32"),
    ],
)
def test_what_cannot_be_asked_is_a_sentence(arguments: tuple[str, ...], expected: str) -> None:
    result = piket(*arguments, "--region", "32", "--opd", "BAPPEDA", "--reference")
    assert (type(result.exception), expected in result.stderr) == (SystemExit, True), result.stderr


@pytest.mark.parametrize(
    ("name", "region", "fact"),
    [
        ("bekasi-2025-study", "3275", "InstrumentDrafted"),
        ("kab-bogor-2022-draft", "3201", "InstrumentDrafted"),
        ("nasional-2025-permenpanrb-4", "32", "InstrumentEnacted"),
    ],
)
def test_a_study_or_draft_is_recorded_as_what_it_is(tmp_path: Path, name: str, region: str, fact: str) -> None:
    assert piket("enact", name, "--region", region, store=tmp_path).exit_code == 0
    stored = asyncio.run(stored_events(tmp_path, f"instruments/{region}"))
    assert [type(event.data).__name__ for event in stored] == [fact]


async def stored_events(folder: Path, stream: str) -> list[Event]:
    async with policy_store(Settings(store=f"sqlite://{folder}/{{service}}.db")) as store:
        return await store.read_stream(stream)


def test_the_rules_by_date_are_listed_for_programs_too() -> None:
    result = json.loads(piket("timeline", "--region", "3276", "--opd", "X", "--reference", "--json").stdout)
    assert "2026-01-29" in [period["from"] for period in result["periods"]]
    assert "conflicts" in result


def test_two_instants_may_be_compared_for_programs_by_name() -> None:
    between = ("--before", "2026-02-16", "--after", "2026-02-17")
    result = piket("diff", "--region", "3276", "--opd", "X", "--reference", "--json", *between)
    assert json.loads(result.stdout)[0]["from"] == "2026-02-17"


def test_the_rules_by_date_tell_the_places_and_what_may_be_granted() -> None:
    option = ("--in-force", "kota-bogor-2025-kep-196=2026-01-26")
    expected = piket("timeline", "--region", "32.71", "--opd", "X", "--reference", *option).stdout
    (row,) = [row for row in expected.splitlines() if row.startswith("2026-01-26")]
    assert ("Tempat: rumah, kantor lain, tempat umum" in row, "Pegawai dapat memohon" in row) == (True, True)
