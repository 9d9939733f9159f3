"""Checks `piket policy dry-run` on shipped instruments, command files and broken files."""

import json
from pathlib import Path

import pytest

from services.policy.domain.presets.catalogue import PRESETS_FOLDER
from tests.support.policy_cli import changed_dates, import_bkd, piket, write_file, yaml_of

SE_188 = json.loads((PRESETS_FOLDER / "jabar-2026-se-188.json").read_text())


OWN = SE_188 | {"instrument": "jabar-2026-uji", "title": "SE uji", "supersedes": [], "effective_from": "2026-02-02"}


def test_a_circular_in_yaml_lists_every_opd_day_that_it_would_change(tmp_path: Path) -> None:
    more = OWN | {"rules": {"pattern": {"weekdays": ["WED"]}}}
    file = write_file(tmp_path, yaml_of(more))
    result = changed_dates(piket("dry-run", file, "--region", "32", "--attested-by", "KEPALA_BKD", "--reference"))
    assert (len({day["opd"] for day in result}), min(day["from"] for day in result)) == (38, "2026-02-02")


def test_what_is_on_record_already_would_change_nothing() -> None:
    assert changed_dates(piket("dry-run", "jabar-2026-se-188", "--region", "32", "--reference")) == []


BROKEN = {
    "cut off": ("instrument: [x", "cannot be read"),
    "a day that is none": ("decided_on: 2026-02-30", "cannot be read: day is out of range"),
    "a key that is a date": ("2026-02-03: x", "cannot be read: a key must be a text, not a date, line 1, column 1"),
    "a key that is a list": ("title: a\nrules:\n- [a, b]: 1", "a key must be a text, not a list, line 3, column 3"),
    "a key that is a mapping": ("? {a: 1}\n: 1", "a key must be a text, not a mapping, line 1, column 3"),
    "two documents": ("title: a\n---\ntitle: b", "cannot be read: it holds two documents, line 2; give one."),
    "an alias": ("a: &a [1]\nb: *a", "an alias is not allowed, line 2, column 4"),
    "a key twice": (
        "title: a\ntitle: b",
        'found duplicate key "title" with value "b" (original value: "a"), line 2, column 1',
    ),
    "a key twice in JSON": ('{"title": "a", "title": "b"}', 'found duplicate key "title"'),
    "an unknown command": ("command: abolish", "choose one of draft, enact, amend"),
    "a command that is none": ("command: [suspend]", "choose one of draft, enact, amend"),
    "a command misspelt": ("command: merge\nopd: BP2D\nin_to: BKD", "/in_to"),
    "code": ("!!python/object/apply:os.system ['true']", "could not determine a constructor"),
    "a value that does not match its tag": ("title: !!bool maybe", "a value does not match its tag"),
    "nothing": ("", "Input should be an object"),
    "a rule misspelt": (json.dumps(OWN | {"rules": {"max_shares": 0.5}}), "/rules/max_shares"),
    "a year 9999": (json.dumps(OWN | {"effective_from": "9999-01-01"}), "/effective_from"),
    "of another region": (json.dumps(OWN | {"government": "3276", "layer": "REGION"}), "/instrument/government"),
    "null bytes": ("title: \x00", "cannot be read"),
    "too large": ("# " + "x" * 70_000, "larger than 65536 bytes"),
}


@pytest.mark.parametrize(("text", "expected"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_file_is_a_sentence_in_both_languages(tmp_path: Path, text: str, expected: str) -> None:
    result = piket("dry-run", write_file(tmp_path, text), "--region", "32", "--reference")
    assert (result.exit_code, expected in result.stderr, "Traceback" in result.output) == (1, True, False), (
        result.stderr
    )


def test_what_is_neither_a_file_nor_an_example_names_the_examples() -> None:
    result = piket("dry-run", "depok", "--region", "32", "--reference")
    assert (result.exit_code, "neither a file nor one of bandung-2023-study" in result.stderr) == (1, True)


def test_an_office_that_attests_is_written_as_people_write_it() -> None:
    dry = ("dry-run", "jabar-2026-se-188", "--region", "32", "--reference", "--attested-by")
    assert changed_dates(piket(*dry, "Kepala BKD")) == []
    result = piket(*dry, "7")
    assert (result.exit_code, "Tulis nama jabatan" in result.stderr) == (2, True)


def test_json_may_be_indented_with_tabs(tmp_path: Path) -> None:
    file = write_file(tmp_path, json.dumps(SE_188, indent="\t"), "edaran.json")
    assert changed_dates(piket("dry-run", file, "--region", "32", "--reference")) == []


@pytest.mark.parametrize("end", ["14:00", "07:45", "14:00:00"])
def test_a_time_of_day_needs_no_quotes(tmp_path: Path, end: str) -> None:
    text = yaml_of(OWN | {"rules": {}}) + f"\n  hours: {{day_start: 06:30, day_end: {end}}}\n"
    text = text.replace("rules: {}\n", "").replace("\n\n  hours", "\nrules:\n  hours")
    result = piket(
        "dry-run", write_file(tmp_path, text), "--region", "32", "--reference", "--attested-by", "KEPALA_BKD"
    )
    if end == "14:00:00":
        assert (result.exit_code, "/rules/hours/day_end" in result.stderr) == (1, True)
        return
    assert {day["rules"]["hours"][1]["day_end"] for day in changed_dates(result)} == {end}


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


@pytest.mark.parametrize(("text", "event", "opd_count"), COMMANDS.values(), ids=COMMANDS.keys())
def test_any_command_in_a_file_is_rehearsed(tmp_path: Path, text: str, event: str, opd_count: int) -> None:
    result = piket("dry-run", write_file(tmp_path, text), "--region", "32", "--reference")
    first = json.loads(result.stdout)["events"][0]["type"].split(".")[3]
    assert "".join(part.capitalize() for part in first.split("-")) == event
    assert len({day["opd"] for day in changed_dates(result)}) == opd_count


def test_a_command_in_a_file_is_rehearsed_on_a_store(tmp_path: Path) -> None:
    import_bkd(tmp_path)
    file = write_file(tmp_path, "command: open\nopd: BP2D\nname: Badan Penelitian\non: 2025-01-01")
    result = piket("dry-run", file, "--region", "32", store=tmp_path)
    assert [event["subject"] for event in json.loads(result.stdout)["events"]][:1] == ["policy/32/BP2D"]
