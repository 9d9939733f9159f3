"""The instruments that ship with Piket can each be enacted as they stand."""

import json
from pathlib import Path

import pytest

from services.policy import decider
from services.policy.commands import EnactInstrument
from services.policy.presets import FOLDER, preset, presets
from tests.given import outcome
from tests.unit.test_policy import ON_TIME, REGISTER, told

STAGE_2 = (FOLDER / "jabar-2025-se-150-stage-2.json").read_text()


@pytest.mark.parametrize("name", presets())
def test_a_shipped_instrument_is_enacted_and_binds(name: str) -> None:
    facts = outcome(decider, REGISTER, EnactInstrument(region="32", instrument=preset(name)), ON_TIME)
    assert (told(facts).change.instrument, len(told(facts).periods)) == (name, 1)


def test_the_national_base_and_both_stages_are_there() -> None:
    assert {"nasional-2025-permenpanrb-4", "jabar-2025-se-150-stage-1", "jabar-2025-se-150-stage-2"} <= set(presets())


def test_an_unknown_preset_says_which_there_are() -> None:
    with pytest.raises(LookupError, match=r"no preset 'depok'.*jabar-2025-se-150-stage-1"):
        preset("depok")


def test_a_folder_without_presets_says_so() -> None:
    with pytest.raises(LookupError, match="There are: none"):
        preset("depok", Path("docs"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "is no instrument"),
        (json.dumps({**json.loads(STAGE_2), "rules": {"max_shares": 0.5}}), "max_shares"),
        (STAGE_2, "holds the instrument jabar-2025-se-150-stage-2"),
    ],
    ids=["cut off", "a misspelt rule", "another name"],
)
def test_a_broken_preset_names_its_file_and_what_is_wrong(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "rusak.json").write_text(text)
    with pytest.raises(ValueError, match=rf"rusak\.json[\s\S]*{reason}"):
        preset("rusak", tmp_path)
