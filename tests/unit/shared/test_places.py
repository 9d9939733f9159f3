"""Names and time zones of all governments of Indonesia."""

import pytest

from shared.domain.places import government_of, governments, region_name, region_names
from shared.domain.regions import region_timezone


def test_every_province_kabupaten_and_kota_has_a_name() -> None:
    codes = region_names()
    assert (sum(len(c) == 2 for c in codes), sum(len(c) == 4 for c in codes), len(set(codes.values()))) == (
        38, 514, 552,
    )  # fmt: skip
    assert {code[:2] for code in codes} == {code for code in codes if len(code) == 2}


def test_the_governments_on_the_map_have_the_names_of_the_list() -> None:
    assert {code: place.name for code, place in governments().items()} == {c: region_name(c) for c in governments()}


@pytest.mark.parametrize(
    ("region", "name", "zone"),
    [
        ("3276", "Kota Depok", "Asia/Jakarta"),
        ("6171", "Kota Pontianak", "Asia/Jakarta"),
        ("7371", "Kota Makassar", "Asia/Makassar"),
        ("9671", "Kota Sorong", "Asia/Jayapura"),
    ],
)
def test_a_government_has_its_name_and_its_time(region: str, name: str, zone: str) -> None:
    assert (government_of(region).name, region_timezone(region).key) == (name, zone)


def test_a_government_outside_west_java_is_not_on_the_map() -> None:
    assert (government_of("3276").is_located, government_of("3374").is_located) == (True, False)


def test_a_code_that_does_not_exist_is_shown_as_it_is() -> None:
    assert (region_name("9999"), "9999" in region_names()) == ("9999", False)
