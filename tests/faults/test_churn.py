"""Runs the short form of `make test-faults`: each kind of fault once, over three brokers."""

from pathlib import Path
from secrets import randbelow

import pytest

from tests.faults.churn import record
from tests.faults.churn.run import RunParameters, run_churn

PARAMETERS = RunParameters(seed=randbelow(10**6), seconds=30, kills=5, workers=2, regions=("32",))


@pytest.mark.parts
@pytest.mark.timeout(600)
async def test_after_every_kind_of_fault_all_rows_are_exact_and_a_planted_skip_was_caught(
    tmp_path: Path, figures: list[str]
) -> None:
    with record.recorded_run(tmp_path, PARAMETERS) as (folder, report):
        await run_churn(PARAMETERS, folder, report.results, print)
    main_figures = {
        name: report.results.figures.get(name) for name in ("events", "kills", "own_ends", record.EXACTNESS_FIGURE)
    }
    figures.append(f"churn, seed {PARAMETERS.seed}: {main_figures}")
    assert not report.failed, report.summary()
    assert report.results.figures["planted_skips_caught"] == 1
