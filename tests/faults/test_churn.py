"""Runs the short form of `make test-faults` in three parts: each kind of fault once, over three brokers."""

from pathlib import Path

import pytest

from deploy.local.deadlines import scaled
from tests.faults.churn import record
from tests.faults.churn.plan import KILLS, KINDS
from tests.faults.churn.run import RunParameters, run_churn
from tests.support.figures import Figures
from tests.support.seeds import choose_seed

PARTS = {
    "kills": (*KILLS, "broker paused"),
    "restarts": ("worker leaves and joins", "guest joins and leaves", "rolling restart"),
    "zombies": ("zombie", "zombie with a successor", "record skipped"),
}
SECONDS_PER_FAULT = 3


def test_the_parts_have_every_kind_of_fault() -> None:
    assert sorted(kind for kinds in PARTS.values() for kind in kinds) == sorted(KINDS)


@pytest.mark.parts
@pytest.mark.timeout(scaled(300))
@pytest.mark.parametrize("part", PARTS)
async def test_after_every_kind_of_fault_all_rows_are_exact_and_a_planted_skip_was_caught(
    part: str, tmp_path: Path, figures: Figures
) -> None:
    kinds = PARTS[part]
    kills = len(KILLS.keys() & set(kinds))
    seconds = SECONDS_PER_FAULT * len(kinds)
    parameters = RunParameters(choose_seed(), seconds, kills=kills, workers=2, regions=("32",), kinds=kinds)
    with record.recorded_run(tmp_path, parameters) as (folder, report):
        await run_churn(parameters, folder, report.results, print)
    main_figures = {
        name: report.results.figures.get(name) for name in ("events", "kills", "own_ends", record.EXACTNESS_FIGURE)
    }
    figures.append(f"churn, {part}, seed {parameters.seed}: {main_figures}")
    assert not report.failed, report.summary()
    assert report.results.figures["planted_skips_caught"] == ("record skipped" in kinds)
