"""Checks that OPD and units are classified by the names in use."""

import pytest

from services.policy.domain.reference_data.unit_types import default_unit_type, unit_types_of

NAMES = {
    "SEKOLAH": ("SDN Beji 1", "SMPN 2", "SMAN3", "SMKN 1", "SLBN"),
    "RSUD": ("RSJ", "RS Paru"),
    "LABORATORIUM": ("Labkesda", "lab"),
    "MPP": ("Mall Pelayanan Publik",),
    "SATPOLPP": ("Pol PP",),
    "DAMKAR": ("Disdamkar",),
    "PAJAK": ("Dispenda",),
    "PERPUSTAKAAN": ("Diskarpus",),
    "TERMINAL_PKB": ("uji kir",),
    "PBJ_LPSE": ("Bagian Pengadaan Barang/Jasa", "UKPBJ"),
    "ALUN_ALUN": ("alunalun",),
}


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in NAMES.items() for name in names])
def test_a_kind_is_known_by_the_names_in_use(kind: str, name: str) -> None:
    assert default_unit_type(name)[1][0] == kind


@pytest.mark.parametrize("name", ["Bidang Kerja Sama", "Dinas Kirana", "Laboran", "RSX"])
def test_a_word_within_another_is_no_name(name: str) -> None:
    assert unit_types_of("X", name) == ()
