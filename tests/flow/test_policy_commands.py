"""`piket policy dry-run|enact|timeline|diff`: from the shipped instruments, and on a store of one's own."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from deploy.cli.__main__ import cli
from deploy.operations.sources import store_of
from services.policy.domain.presets.catalogue import FOLDER
from shared.settings import Settings
from tests.support.register_sheets import FILE

SE_188 = json.loads((FOLDER / "jabar-2026-se-188.json").read_text())
OWN = SE_188 | {"instrument": "jabar-2026-uji", "title": "SE uji", "supersedes": [], "effective_from": "2026-02-02"}


def piket(*arguments: str, store: Path | None = None) -> Result:
    environment = {"PIKET_STORE": f"sqlite://{store}/{{service}}.db"} if store else {}
    return CliRunner().invoke(cli, ["policy", *arguments], env=environment)


def written(folder: Path, text: str, name: str = "edaran.yaml") -> str:
    file = folder / name
    file.write_text(text)
    return str(file)


def entered(folder: Path) -> None:
    """BKD stands in the register."""
    assert piket("import", written(folder, FILE.decode(), "bkd.csv"), "--region", "32", store=folder).exit_code == 0


def days(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)["days"]
    return found


def test_a_circular_in_yaml_tells_every_opd_day_that_it_would_change(tmp_path: Path) -> None:
    more = OWN | {"rules": {"pattern": {"weekdays": ["WED"]}}}
    file = written(tmp_path, yaml.safe_dump(more))
    found = days(piket("dry-run", file, "--region", "32", "--attested-by", "KEPALA_BKD", "--reference"))
    assert (len({day["opd"] for day in found}), min(day["from"] for day in found)) == (38, "2026-02-02")


def test_what_is_on_record_already_would_change_nothing() -> None:
    assert days(piket("dry-run", "jabar-2026-se-188", "--region", "32", "--reference")) == []


BROKEN = {
    "cut off": ("instrument: [x", "cannot be read"),
    "a day that is none": ("decided_on: 2026-02-30", "cannot be read: day is out of range"),
    "a key that is a date": ("2026-02-03: x", "cannot be read"),
    "an alias": ("a: &a [1]\nb: *a", "an alias in line 2"),
    "a key twice": ("title: a\ntitle: b", "title is there twice"),
    "a key twice in JSON": ('{"title": "a", "title": "b"}', "title is there twice"),
    "an unknown command": ("command: abolish", "choose one of draft, enact, amend"),
    "a command that is none": ("command: [suspend]", "choose one of draft, enact, amend"),
    "a command misspelt": ("command: merge\nopd: BP2D\nin_to: BKD", "/in_to"),
    "code": ("!!python/object/apply:os.system ['true']", "could not determine a constructor"),
    "nothing": ("", "Input should be an object"),
    "a rule misspelt": (json.dumps(OWN | {"rules": {"max_shares": 0.5}}), "/rules/max_shares"),
    "a year 9999": (json.dumps(OWN | {"effective_from": "9999-01-01"}), "/effective_from"),
    "of another region": (json.dumps(OWN | {"government": "3276", "layer": "REGION"}), "/instrument/government"),
    "null bytes": ("title: \x00", "cannot be read"),
    "too large": ("# " + "x" * 70_000, "larger than 65536 bytes"),
}


@pytest.mark.parametrize(("text", "told"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_file_is_a_sentence_in_both_languages(tmp_path: Path, text: str, told: str) -> None:
    result = piket("dry-run", written(tmp_path, text), "--region", "32", "--reference")
    assert (result.exit_code, told in result.stderr, "Traceback" in result.output) == (1, True, False), result.stderr


def test_what_is_neither_a_file_nor_an_example_names_the_examples() -> None:
    result = piket("dry-run", "depok", "--region", "32", "--reference")
    assert (result.exit_code, "neither a file nor one of bandung-2023-study" in result.stderr) == (1, True)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("jabar-2026-se-188=2025-01-01", "is not enacted in this region"),
        ("depok-2026-se-42=2026-01-01", "is no example of region 32"),
        ("kota=besok", "is no date"),
    ],
)
def test_what_cannot_be_taken_as_in_force_is_said(given: str, told: str) -> None:
    asked = ("--region", "32", "--opd", "BAPPEDA", "--date", "2026-01-08", "--reference")
    result = piket("effective", *asked, "--in-force", given)
    assert (result.exit_code != 0, told in result.stderr) == (True, True), result.stderr


def test_the_rules_of_a_city_are_told_by_date() -> None:
    lines = piket("timeline", "--region", "32.76", "--opd", "X", "--reference").stdout.splitlines()
    assert [line[:24] for line in lines[2:4]] == ["2026-01-29 .. 2026-02-16", "2026-02-17 .. 2026-02-18"]
    assert "Hari WFH: Kamis (SE 800/42/BKPSDM/2026)." in lines[2]


def test_two_instants_differ_by_what_was_recorded_between_them() -> None:
    between = ("--before", "2026-02-16", "--after", "2026-02-17")
    found = json.loads(piket("diff", "--region", "3276", "--opd", "X", "--reference", *between).stdout)
    assert found[0]["from"] == "2026-02-17"
    assert found[0]["rules"]["pattern"] == [None, {"weekdays": ["MON"]}]


def test_an_operator_enacts_a_file_once_and_is_answered_from_the_store(tmp_path: Path) -> None:
    file = written(tmp_path, json.dumps(OWN | {"effective_from": "2100-01-07"}), "edaran.json")
    said = [piket("enact", file, "--region", "32", store=tmp_path) for _ in range(2)]
    entered(tmp_path)
    assert ["1 events stored" in said[0].stdout, said[1].stdout] == [True, "It was so already.\n"]
    lines = piket("timeline", "--region", "32", "--opd", "BKD", store=tmp_path).stdout.splitlines()
    assert [line[:10] for line in lines] == ["2100-01-07"]


def test_a_dry_run_on_a_store_stores_nothing(tmp_path: Path) -> None:
    entered(tmp_path)
    piket("enact", "nasional-2025-permenpanrb-4", "--region", "32", store=tmp_path)
    file = written(tmp_path, json.dumps(OWN), "edaran.json")
    assert piket("dry-run", file, "--region", "32", store=tmp_path).exit_code == 0
    lines = piket("timeline", "--region", "32", "--opd", "BKD", store=tmp_path).stdout.splitlines()
    assert (len(lines), [line for line in lines if "SE uji" in line]) == (1, [])


def test_an_opd_that_is_in_no_register_is_named(tmp_path: Path) -> None:
    piket("enact", "nasional-2025-permenpanrb-4", "--region", "32", store=tmp_path)
    result = piket("effective", "--region", "32", "--opd", "BKD", "--date", "2026-01-08", store=tmp_path)
    assert (result.exit_code, result.stderr) == (1, "OPD BKD is not in the register of region 32.\n")


@pytest.mark.parametrize("question", [("timeline",), ("diff", "--before", "2026-01-01")], ids=["timeline", "diff"])
def test_no_rules_are_told_of_an_opd_that_is_in_no_register(tmp_path: Path, question: tuple[str, ...]) -> None:
    piket("enact", "nasional-2025-permenpanrb-4", "--region", "32", store=tmp_path)
    result = piket(*question, "--region", "32", "--opd", "BKD", store=tmp_path)
    assert (result.exit_code, result.stderr) == (1, "OPD BKD is not in the register of region 32.\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("effective", "--date", "2026-01-08", "--known-by", "9999-12-31"), "9999-12-31 lies outside"),
        (("effective", "--date", "2026-01-08", "--known-by", "9999-12-31T23:59"), "9999-12-31 lies outside"),
        (("diff", "--before", "9999-12-31"), "9999-12-31 lies outside"),
        (("diff", "--before", "kemarin"), "kemarin is no date"),
        (("diff", "--before", "2026-01-08T99:00"), "is no instant"),
        (("timeline", "--in-force", "depok-2026-se-42=2026-01-01"), "is no example of region 32"),
    ],
)
def test_what_cannot_be_asked_is_a_sentence(arguments: tuple[str, ...], told: str) -> None:
    result = piket(*arguments, "--region", "32", "--opd", "BAPPEDA", "--reference")
    assert (type(result.exception), told in result.stderr) == (SystemExit, True), result.stderr


def test_an_office_that_attests_is_written_as_people_write_it() -> None:
    dry = ("dry-run", "jabar-2026-se-188", "--region", "32", "--reference", "--attested-by")
    assert days(piket(*dry, "Kepala BKD")) == []
    result = piket(*dry, "7")
    assert (result.exit_code, "Tulis nama jabatan" in result.stderr) == (2, True)


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
    store = store_of(Settings(store=f"sqlite://{tmp_path}/{{service}}.db"), "policy")
    stored = asyncio.run(store.read_stream(f"instruments/{region}"))
    assert [type(event.data).__name__ for event in stored] == [fact]


def test_json_may_be_indented_with_tabs(tmp_path: Path) -> None:
    file = written(tmp_path, json.dumps(SE_188, indent="\t"), "edaran.json")
    assert days(piket("dry-run", file, "--region", "32", "--reference")) == []


@pytest.mark.parametrize("end", ["14:00", "07:45", "14:00:00"])
def test_a_time_of_day_needs_no_quotes(tmp_path: Path, end: str) -> None:
    text = yaml.safe_dump(OWN | {"rules": {}}) + f"\n  hours: {{day_start: 06:30, day_end: {end}}}\n"
    text = text.replace("rules: {}\n", "").replace("\n\n  hours", "\nrules:\n  hours")
    result = piket("dry-run", written(tmp_path, text), "--region", "32", "--reference", "--attested-by", "KEPALA_BKD")
    if end == "14:00:00":
        assert (result.exit_code, "/rules/hours/day_end" in result.stderr) == (1, True)
        return
    assert {day["rules"]["hours"][1]["day_end"] for day in days(result)} == {end}


NEW_YEAR = "decided_on: 2100-01-01\npublished_on: 2100-01-01\neffective_from: 2100-01-01\n"
SITE = "{site: BKD, lat: -6.9, lng: 107.6, radius_m: 100, timezone: Asia/Jakarta}"
COMMANDS = {
    "suspend": ("command: suspend\ninstrument: jabar-2026-se-188\n" + NEW_YEAR, "InstrumentSuspended", 38),
    "revoke": ("command: revoke\ninstrument: jabar-2026-se-188\n" + NEW_YEAR, "InstrumentRevoked", 38),
    "approve-days": (
        "command: approve-days\ninstrument: jabar-2026-se-188\nopd: BKD\nweekdays: [FRI]\nby: KEPALA_BKD\n" + NEW_YEAR,
        "InstrumentDaysApproved", 1,
    ),
    "declare-holidays": (
        "command: declare-holidays\nholidays:\n- {date: 2100-01-07, kind: public, name: Libur, source: SKB}",
        "HolidayDeclared", 38,
    ),
    "merge": ("command: merge\nopd: BP2D\ninto: BAPPEDA\non: 2100-01-01", "OpdMerged", 1),
    "split": ("command: split\nopd: DISPORA\ninto: [BKD, DISPARBUD]\non: 2100-01-01", "OpdSplit", 1),
    "arrange": (
        "command: arrange\nopd: BKD\nunit: LOKET\nname: Loket\nclass: MIXED\nvalid_from: 2100-01-01\nsite: " + SITE,
        "ArrangementChanged", 1,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "event", "concerned"), COMMANDS.values(), ids=COMMANDS.keys())
def test_any_command_in_a_file_is_rehearsed(tmp_path: Path, text: str, event: str, concerned: int) -> None:
    result = piket("dry-run", written(tmp_path, text), "--region", "32", "--reference")
    first = json.loads(result.stdout)["events"][0]["type"].split(".")[3]
    assert "".join(word.capitalize() for word in first.split("-")) == event
    assert len({day["opd"] for day in days(result)}) == concerned


def test_a_command_in_a_file_is_rehearsed_on_a_store(tmp_path: Path) -> None:
    entered(tmp_path)
    file = written(tmp_path, "command: open\nopd: BP2D\nname: Badan Penelitian\non: 2025-01-01")
    result = piket("dry-run", file, "--region", "32", store=tmp_path)
    assert [event["subject"] for event in json.loads(result.stdout)["events"]][:1] == ["policy/32/BP2D"]


def test_the_rules_by_date_are_told_for_programs_too() -> None:
    found = json.loads(piket("timeline", "--region", "3276", "--opd", "X", "--reference", "--json").stdout)
    assert "2026-01-29" in [period["from"] for period in found["periods"]]
    assert "conflicts" in found


def test_two_instants_may_be_compared_for_programs_by_name() -> None:
    between = ("--before", "2026-02-16", "--after", "2026-02-17")
    found = piket("diff", "--region", "3276", "--opd", "X", "--reference", "--json", *between)
    assert json.loads(found.stdout)[0]["from"] == "2026-02-17"


def test_the_rules_by_date_tell_the_places_and_what_may_be_granted() -> None:
    given = ("--in-force", "kota-bogor-2025-kep-196=2026-01-26")
    told = piket("timeline", "--region", "32.71", "--opd", "X", "--reference", *given).stdout
    (line,) = [line for line in told.splitlines() if line.startswith("2026-01-26")]
    assert ("Tempat: rumah, kantor lain, tempat umum" in line, "Pegawai dapat memohon" in line) == (True, True)
