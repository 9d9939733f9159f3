"""Checks that the register is read from xlsx and csv as officials and their programs write it."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from shared.domain.facts.policy import Post
from shared.domain.sheets.cell_parsers import parse_code
from tests.support.register_sheets import (
    COUNTER,
    OFFICE,
    CellsByColumn,
    csv_of,
    grid,
    parse_file,
    sheet_from_rows,
    workbook,
)


def posts(*rows: CellsByColumn) -> tuple[Post, ...]:
    (unit,) = sheet_from_rows(*rows).units
    return unit.command.posts


def in_xlsx(shape: str = "General", **cells: Any) -> Post:
    """Return the counter read from a workbook in which these cells have the types of a spreadsheet program."""
    row = grid({**COUNTER, **cells})
    letters = {name: chr(ord("A") + row[0].index(name)) + "2" for name in cells}
    (unit,) = parse_file(workbook(row, formats=dict.fromkeys(letters.values(), shape)), "xlsx").units
    return unit.command.posts[0]


def test_a_counter_is_read_with_its_hours_and_its_place() -> None:
    (unit,) = sheet_from_rows(COUNTER).units
    (post,) = unit.command.posts
    assert (post.weekdays, post.opens_minute, post.closes_minute, post.on_holidays) == (
        ("MON", "TUE", "WED", "THU", "FRI"), 480, 900, "CLOSED",
    )  # fmt: skip
    assert (unit.command.site.lat, unit.command.site.timezone, unit.command.class_) == (
        -6.9218,
        "Asia/Jakarta",
        "DIRECT",
    )


def test_an_office_without_a_counter_has_one_row() -> None:
    (unit,) = sheet_from_rows(OFFICE).units
    assert (unit.command.posts, unit.rows) == ((), (2,))


def test_an_agency_without_a_unit_has_one_row() -> None:
    (agency,) = sheet_from_rows(
        {**OFFICE, "opd": "BKD", "unit": ""} | dict.fromkeys(list(OFFICE)[3:], ""), COUNTER
    ).opds[:1]
    assert (agency.opd, agency.on) == ("BKD", None)


def test_a_second_counter_needs_only_what_is_its_own() -> None:
    second = {name: COUNTER[name] for name in ("opd", "unit", "hari", "buka", "tutup", "minimum")} | {"pos": "LOKET-2"}
    assert [post.post for post in posts(COUNTER, second)] == ["LOKET-1", "LOKET-2"]


def test_an_agency_exists_since_its_first_unit_unless_the_sheet_says_when() -> None:
    later = {**COUNTER, "unit": "BACK", "berlaku_dari": "2024-07-01"}
    dated = {**COUNTER, "opd_sejak": "2017-01-01"}
    sheets = [sheet_from_rows(COUNTER, later), sheet_from_rows(dated)]
    assert [sheet.opds[0].on for sheet in sheets] == [date(2024, 7, 1), date(2017, 1, 1)]


@pytest.mark.parametrize(
    ("buka", "tutup", "minutes"),
    [
        ("22:00", "06:00", (1320, 1800)),
        ("21:15", "31:15", (1275, 1875)),
        ("00:00", "24:00", (0, 1440)),
        ("07:00", "31:00", (420, 1860)),
        ("7.30", "15:00:00", (450, 900)),
    ],
)
def test_a_night_ends_beyond_midnight(buka: str, tutup: str, minutes: tuple[int, int]) -> None:
    (post,) = posts({**COUNTER, "buka": buka, "tutup": tutup})
    assert (post.opens_minute, post.closes_minute) == minutes


@pytest.mark.parametrize(
    ("written_days", "days"),
    [
        ("Senin - Jumat", "MON TUE WED THU FRI"),
        ("SEN,RAB dan Jum'at", "MON WED FRI"),
        ("sabtu s/d minggu", "SAT SUN"),
        ("SAB-SEN", "MON SAT SUN"),
        ("setiap hari", "MON TUE WED THU FRI SAT SUN"),
        ("MON-WED", "MON TUE WED"),
        ("Kamis", "THU"),
    ],
)
def test_weekdays_are_read_as_people_write_them(written_days: str, days: str) -> None:
    assert posts({**COUNTER, "hari": f'"{written_days}"'})[0].weekdays == tuple(days.split())


@pytest.mark.parametrize("zone", ["WITA", "wita", "Asia/Makassar"])
def test_a_zone_is_named_as_people_say_it(zone: str) -> None:
    assert sheet_from_rows({**COUNTER, "zona": zone}).units[0].command.site.timezone == "Asia/Makassar"


@pytest.mark.parametrize("day", ["01/02/2026", "1-2-2026", "2026-02-01", "2026-02-01 00:00:00"])
def test_a_date_is_read_in_the_order_of_indonesia(day: str) -> None:
    assert sheet_from_rows({**COUNTER, "berlaku_dari": day}).units[0].command.valid_from == date(2026, 2, 1)


def test_skills_and_kinds_are_lists() -> None:
    (unit,) = sheet_from_rows({**COUNTER, "keahlian": "PERIZINAN, KASIR PERIZINAN", "jenis": "LOKET"}).units
    assert (unit.command.posts[0].skills, unit.command.kinds) == (("PERIZINAN", "KASIR"), ("LOKET",))


def test_an_emergency_post_is_open_on_holidays_unless_the_sheet_closes_it() -> None:
    emergency = {**COUNTER, "kelas": "emergency 24x7"}
    closed = {**emergency, "hari_libur": "tutup"}
    assert [posts(row)[0].on_holidays for row in (emergency, closed)] == ["OPEN", "CLOSED"]


def test_english_columns_are_accepted() -> None:
    english = {"opd_name": "nama_opd", "unit_name": "nama_unit", "class": "kelas", "site": "situs", "valid_from":
               "berlaku_dari", "post": "pos", "weekdays": "hari", "opens": "buka", "closes": "tutup"}  # fmt: skip
    english_names = {name_id: name for name, name_id in english.items()}
    row = {english_names.get(name, name): value for name, value in COUNTER.items()}
    assert sheet_from_rows(row) == sheet_from_rows(COUNTER)


@pytest.mark.parametrize(
    ("shape", "cells", "minutes"),
    [
        ("hh:mm", {"buka": time(7, 30)}, (450, 900)),
        ("General", {"buka": 0.3125}, (450, 900)),
        ("hh:mm", {"buka": 0.3125}, (450, 900)),
        ("hh:mm", {"buka": 0, "tutup": 1}, (0, 1440)),
        ("[h]:mm", {"buka": timedelta(hours=21, minutes=15), "tutup": timedelta(hours=31, minutes=15)}, (1275, 1875)),
        ("hh:mm", {"tutup": datetime(1900, 1, 1, 7, 15), "buka": time(21, 15)}, (1275, 1875)),
    ],
)
def test_a_workbook_holds_times_in_many_ways(shape: str, cells: Mapping[str, Any], minutes: tuple[int, int]) -> None:
    post = in_xlsx(shape, **cells)
    assert (post.opens_minute, post.closes_minute) == minutes


def test_a_workbook_holds_dates_and_numbers() -> None:
    row = grid({**COUNTER, "berlaku_dari": date(2025, 1, 1), "lat": -6.9218, "lng": 107.6072, "radius_m": 100.0,
                "minimum": 1})  # fmt: skip
    assert parse_file(workbook(row), "xlsx") == sheet_from_rows(COUNTER)


def test_a_code_that_became_a_number_is_still_a_code() -> None:
    assert [parse_code(cell) for cell in (7, 7.0, "7")] == ["7", "7", "7"]


def test_the_sheet_called_register_is_read_and_empty_rows_are_passed_over() -> None:
    table = grid(COUNTER)
    assert parse_file(workbook([table[0], [None], [" "], table[1]]), "xlsx").units[0].rows == (4,)


@pytest.mark.parametrize(
    "content",
    [
        csv_of(grid(COUNTER)).encode("utf-8-sig"),
        csv_of(grid({**COUNTER, "lat": "-6,9218", "lng": "107,6072"})).encode(),
        csv_of(grid(COUNTER), ",").encode(),
        csv_of(grid(COUNTER), "\t").encode("utf-16"),
        b"sep=;\r\n" + csv_of(grid(COUNTER)).encode(),
    ],
    ids=["a mark", "decimal commas", "commas", "unicode text", "sep="],
)
def test_a_csv_is_read_as_excel_writes_it(content: bytes) -> None:
    assert parse_file(content).units[0].command == sheet_from_rows(COUNTER).units[0].command


def test_a_csv_of_an_old_windows_keeps_its_letters() -> None:
    row = {**COUNTER, "nama_unit": "Front Office “Perizinan” é"}
    assert parse_file(csv_of(grid(row)).encode("cp1252")).units[0].command.name == row["nama_unit"]


def test_a_counter_may_keep_other_hours_and_another_minimum_on_fridays() -> None:
    friday = {**COUNTER, "hari": "JUM", "tutup": "11:30", "minimum": "2"}
    (unit,) = sheet_from_rows({**COUNTER, "hari": "SEN-KAM"}, friday).units
    assert [(p.post, p.weekdays, p.closes_minute, p.minimum) for p in unit.command.posts] == [
        ("LOKET-1", ("MON", "TUE", "WED", "THU"), 900, 1), ("LOKET-1", ("FRI",), 690, 2),
    ]  # fmt: skip
