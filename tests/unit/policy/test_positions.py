"""Checks that positions are found by the names in use."""

import pytest

from services.policy.domain.reference_data.positions import position_code
from shared.domain.errors import Invalid
from tests.support.messages import indonesian


@pytest.mark.parametrize(
    ("name", "code"),
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
def test_a_position_is_known_by_its_other_names(name: str, code: str) -> None:
    assert position_code(name, "3277") == code


def test_a_sekda_of_the_province_is_of_the_first_echelon() -> None:
    assert position_code("Sekda", "32") == "JPT_MADYA"


def test_a_position_that_an_instrument_names_is_known() -> None:
    assert position_code("kepala uptd", "32", {"KEPALA_UPTD"}) == "KEPALA_UPTD"


@pytest.mark.parametrize("name", ["xyz", "", "eselon IX", "eselon"])
def test_an_unknown_position_is_rejected_with_a_list_of_the_known_ones(name: str) -> None:
    with pytest.raises(Invalid, match=r"tidak dikenal; pilih JPT_UTAMA.*KEPALA_UPTD") as caught:
        position_code(name, "32", {"KEPALA_UPTD"})
    assert "tidak dikenal; pilih JPT_UTAMA" in indonesian(caught.value.message)
