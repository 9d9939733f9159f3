"""Checks that each instrument that ships with Piket can be enacted without a change."""

import json
from pathlib import Path

import pytest

from services.policy.domain import decider
from services.policy.domain.commands import EnactInstrument
from services.policy.domain.presets.catalogue import PRESETS_FOLDER, preset, presets
from services.policy.domain.presets.replay import reference_snapshot, unexpected_id
from shared.domain.errors import Invalid
from tests.support.given_when_then import decide

STAGE_2 = (PRESETS_FOLDER / "jabar-2025-se-150-stage-2.json").read_text()


def test_every_instrument_of_the_record_ships_with_piket() -> None:
    assert set(presets()) == {
        "nasional-2025-permenpanrb-4", "jabar-2022-pergub-102", "jabar-2023-wfa-permanent", "jabar-2025-se-150-stage-1",
        "jabar-2025-se-150-stage-2", "jabar-2026-se-188", "bekasi-2025-study", "depok-2026-se-42", "depok-2026-se-80",
        "kota-bogor-2025-kep-196", "kota-bogor-2026-se-1633", "bandung-2023-study", "kab-bogor-2022-draft",
        "kab-bogor-2026-se-578", "cimahi-2026-friday", "nasional-2026-friday", "panrb-2024-after-lebaran",
        "panrb-2026-around-lebaran", "kab-bekasi-2026-flood", "ramadan-national", "ramadan-jabar-2026",
    }  # fmt: skip


@pytest.mark.parametrize("name", presets())
def test_its_government_records_it_unchanged_and_with_its_sources(name: str) -> None:
    shipped = preset(name)
    instruments = reference_snapshot(shipped.government or "32").instruments
    assert instruments[name].versions[0].instrument == shipped
    assert shipped.sources
    assert shipped.assumptions


@pytest.mark.parametrize("name", [n for n, i in presets().items() if i.government])
def test_no_other_government_can_enact_it(name: str) -> None:
    government = "3274" if preset(name).government != "3274" else "3275"
    with pytest.raises(Invalid, match=r"pemerintah|Lapis"):
        decide(decider, {}, EnactInstrument(region=government, instrument=preset(name)))


def test_an_unknown_preset_says_which_there_are() -> None:
    with pytest.raises(LookupError, match=r"no preset 'depok'.*jabar-2025-se-150-stage-1"):
        preset("depok")


def test_a_folder_without_presets_says_so() -> None:
    with pytest.raises(LookupError, match="There are: none"):
        preset("depok", Path("docs"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "is not an instrument"),
        (json.dumps({**json.loads(STAGE_2), "rules": {"max_shares": 0.5}}), "max_shares"),
        (STAGE_2, "holds the instrument jabar-2025-se-150-stage-2"),
    ],
    ids=["cut off", "a misspelt rule", "another name"],
)
def test_a_broken_preset_names_its_file_and_what_is_wrong(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "rusak.json").write_text(text)
    with pytest.raises(ValueError, match=rf"rusak\.json[\s\S]*{reason}"):
        preset("rusak", tmp_path)


def test_a_preset_creates_no_id() -> None:
    with pytest.raises(AssertionError, match="created an id"):
        unexpected_id()
