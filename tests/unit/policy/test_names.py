"""Checks that positions, OPD and units get the same answer by the names in use as by their codes."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.cli.__main__ import cli

CIMAHI, DEPOK, JABAR = "32.77", "32.76", "32"
FRIDAY, THURSDAY, MONDAY = "2026-04-10", "2026-02-12", "2026-02-23"


def answer_of(region: str, opd: str, day: str, *more: str) -> dict[str, Any]:
    arguments = ("--region", region, "--opd", opd, "--date", day, "--reference", "--json", *more)
    result = CliRunner().invoke(cli, ["policy", "effective", *arguments])
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


@pytest.mark.parametrize("name", ["JPT PRATAMA", "Eselon III", "Kepala Dinas", "SEKDA", "lurah"])
def test_who_must_be_on_site_in_cimahi_is_by_whatever_name(name: str) -> None:
    assert answer_of(CIMAHI, "any", FRIDAY, "--position", name)["answer"] == "WFO"


def test_the_question_about_an_unknown_position_is_not_answered() -> None:
    arguments = ("--region", CIMAHI, "--opd", "any", "--date", FRIDAY, "--reference", "--position", "KEPALA_SUKU")
    result = CliRunner().invoke(cli, ["policy", "effective", *arguments])
    assert (result.exit_code, "choose one of JPT_UTAMA, JPT_MADYA" in result.stderr) == (1, True)


@pytest.mark.parametrize(
    ("region", "name", "day", "opd", "answer"),
    [
        (JABAR, "Dinas Penanaman Modal dan Pelayanan Terpadu Satu Pintu", "2026-01-08", "DPMPTSP", "WFO"),
        (DEPOK, "Dinas Kependudukan dan Pencatatan Sipil", MONDAY, "DISDUKCAPIL", "WFO"),
        (DEPOK, "Disdukcapil Kota Depok", MONDAY, "DISDUKCAPIL", "WFO"),
        ("32.01", "dinas kependudukan dan pencatatan sipil", FRIDAY, "DISDUKCAPIL", "WFO"),
        (DEPOK, "kec beji", THURSDAY, "KEC-BEJI", "UNIT_HEAD"),
        (DEPOK, "Kecamatan Beji", THURSDAY, "KEC-BEJI", "UNIT_HEAD"),
        (CIMAHI, "KEC-CIMAHI-UTARA", FRIDAY, "KEC-CIMAHI-UTARA", "MAX_SHARE"),
        (CIMAHI, "Kecamatan Cimahi Utara", FRIDAY, "KEC-CIMAHI-UTARA", "MAX_SHARE"),
        (CIMAHI, "kecamatan", FRIDAY, "KECAMATAN", "MAX_SHARE"),
    ],
)
def test_an_agency_of_the_register_is_known_by_code_and_by_name(
    region: str, name: str, day: str, opd: str, answer: str
) -> None:
    result = answer_of(region, name, day)
    assert (result["opd"], result["answer"]) == (opd, answer)


EXCLUDED_NAMES = {
    (DEPOK, THURSDAY): (
        "SDN Beji 1", "SMPN 2", "SMAN 3", "SMKN1", "Mall Pelayanan Publik", "Pol PP", "Disdamkar", "Dispenda",
    ),
    (DEPOK, MONDAY): ("diskarpus", "uji kir"),
    (JABAR, "2026-01-08"): ("SMAN 3 Bandung", "SLBN", "RSJ", "RS PARU", "Labkesda", "lab"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("region", "day", "opd"), [(*question, opd) for question, names in EXCLUDED_NAMES.items() for opd in names]
)
def test_what_a_circular_excludes_is_known_by_the_names_in_use(region: str, day: str, opd: str) -> None:
    assert answer_of(region, opd, day)["answer"] == "WFO"


@pytest.mark.parametrize("opd", ["Bagian Pengadaan Barang/Jasa", "UKPBJ", "alunalun"])
def test_whose_heads_decide_is_known_by_the_names_in_use(opd: str) -> None:
    assert answer_of(DEPOK, opd, MONDAY)["answer"] == "UNIT_HEAD"


@pytest.mark.parametrize(
    ("region", "opd", "unit", "day", "expected"),
    [
        (CIMAHI, "DINKES", "PUSKESMAS", FRIDAY, ("DIRECT", "WFO")),
        (CIMAHI, "DINKES", "RSUD", FRIDAY, ("EMERGENCY_24X7", "WFO")),
        (CIMAHI, "DISDIK", "SEKOLAH", FRIDAY, ("DIRECT", "WFO")),
        ("32.71", "DINKES", "PUSKESMAS", FRIDAY, ("DIRECT", "WFO")),
        (DEPOK, "DISHUB", "TERMINAL", MONDAY, ("DIRECT", "WFO")),
        (DEPOK, "DISHUB", "PKB", MONDAY, ("DIRECT", "WFO")),
        (DEPOK, "DPMPTSP", "FRONT-2", MONDAY, ("DIRECT", "WFO")),
        (DEPOK, "DPMPTSP", "SEKRETARIAT", MONDAY, ("NON_SERVICE", "WFH")),
        (DEPOK, "DISHUB", "LOKET", MONDAY, ("MIXED", "WFH")),
        (DEPOK, "apa saja", "terminal", MONDAY, ("DIRECT", "WFO")),
    ],
)
def test_a_unit_is_recognised_by_its_kind(
    region: str, opd: str, unit: str, day: str, expected: tuple[str, str]
) -> None:
    result = answer_of(region, opd, day, "--unit", unit)
    assert (result["class"], result["answer"]) == expected


@pytest.mark.parametrize("site", ["Gedung Sate", "gedung_sate", "GEDUNG-SATE", "GedungSate"])
def test_a_site_is_known_however_it_is_spelt(site: str) -> None:
    assert answer_of(JABAR, "SETDA", "2025-11-05", "--class", "NON_SERVICE", "--site", site)["answer"] == "WFH"


@pytest.mark.parametrize(
    ("region", "more", "expected"),
    [
        *((region, (), "There is no region") for region in ("99", "00", "3299", "32.00", "3100", "9971")),
        ("३२", (), "is not a region code"),
        ("32", ("--opd", ""), "not an empty text"),
        ("32", ("--opd", "--"), "not an empty text"),
        ("32", ("--site", " "), "not an empty text"),
        ("32", ("--unit", ""), "not an empty text"),
        ("32", ("--position", ""), "not an empty text"),
    ],
)
def test_what_is_no_region_and_no_name_is_reported(region: str, more: tuple[str, ...], expected: str) -> None:
    arguments = ("--region", region, "--opd", "X", "--date", FRIDAY, "--reference", *more)
    result = CliRunner().invoke(cli, ["policy", "effective", *arguments])
    assert (result.exit_code, expected in result.stderr) == (2, True), result.stderr


@pytest.mark.parametrize("region", ["31", "3171", "51.71", "32.01", "96"])
def test_a_region_outside_west_java_is_answered_by_what_binds_the_nation(region: str) -> None:
    assert answer_of(region, "X", FRIDAY)["answer"] == "WFH"


@pytest.mark.parametrize(
    ("region", "opd", "day", "more", "answer"),
    [
        (JABAR, "DPMPTSP", "2025-11-09", (), "HOLIDAY"),
        (JABAR, "DPMPTSP", "2025-11-08", (), "HOLIDAY"),
        (DEPOK, "DISDUKCAPIL", "2026-02-22", (), "HOLIDAY"),
        (DEPOK, "DISDIK", "2026-02-22", ("--unit", "SEKOLAH"), "HOLIDAY"),
        (DEPOK, "DISDIK", "2026-02-21", ("--unit", "SEKOLAH"), "WFO"),
        (DEPOK, "DISHUB", "2026-02-22", ("--unit", "TERMINAL"), "WFO"),
        (JABAR, "DISPARBUD", "2026-02-22", ("--unit", "MUSEUM"), "WFO"),
        (DEPOK, "DISARPUS", "2026-02-21", ("--unit", "PERPUSTAKAAN"), "WFO"),
        (DEPOK, "DISARPUS", "2026-02-22", ("--unit", "PERPUSTAKAAN"), "HOLIDAY"),
        (JABAR, "apa saja", "2025-11-09", ("--class", "DIRECT"), "WFO"),
        (JABAR, "apa saja", "2025-11-09", ("--class", "EMERGENCY_24X7"), "WFO"),
        (DEPOK, "DAMKAR", "2026-02-22", (), "WFO"),
    ],
)
def test_direct_service_is_on_duty_on_the_days_on_which_its_posts_open(
    region: str, opd: str, day: str, more: tuple[str, ...], answer: str
) -> None:
    assert answer_of(region, opd, day, *more)["answer"] == answer
