"""Positions by the names that people write."""

import pytest

from services.policy.domain.reference_data.positions import position
from shared.domain.facts.base import Invalid


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *((text, "JPT_PRATAMA") for text in ("JPT PRATAMA", "jpt-pratama", "Jpt Pratama", "ESELON_II", "eselon 2")),
        *(
            (text, "JPT_PRATAMA")
            for text in ("Kepala Dinas", "Eselon II.b", "echelon IIA", "SEKDA", "Sekretaris Daerah")
        ),
        *((text, "JPT_MADYA") for text in ("JPT MADYA", "Eselon I", "echelon 1a")),
        *(
            (text, "ADMINISTRATOR")
            for text in ("administrator", "Eselon III", "ESELON_III", "echelon III", "Esl. III/a")
        ),
        *((text, "PENGAWAS") for text in ("PENGAWAS", "eselon IV", "Kepala Seksi")),
        *((text, "CAMAT") for text in ("camat", "Kepala Kecamatan")),
        ("Lurah", "LURAH"),
        ("staf", "PELAKSANA"),
    ],
)
def test_a_position_is_known_by_its_other_names(written: str, meant: str) -> None:
    assert position(written, "3277") == meant


def test_a_sekda_of_the_province_is_of_the_first_echelon() -> None:
    assert position("Sekda", "32") == "JPT_MADYA"


def test_a_position_that_an_instrument_names_is_known() -> None:
    assert position("kepala uptd", "32", {"KEPALA_UPTD"}) == "KEPALA_UPTD"


@pytest.mark.parametrize("written", ["xyz", "", "eselon IX", "eselon"])
def test_an_unknown_position_is_told_which_there_are(written: str) -> None:
    with pytest.raises(Invalid, match=r"unknown; choose one of JPT_UTAMA.*KEPALA_UPTD") as refused:
        position(written, "32", {"KEPALA_UPTD"})
    assert "tidak dikenal; pilih JPT_UTAMA" in refused.value.indonesian
