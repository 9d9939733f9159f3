"""The short form of `make test-faults`: every kind of fault once, over three brokers, and then everything is exact."""

from pathlib import Path
from secrets import randbelow

import pytest

from tests.faults.churn import record
from tests.faults.churn.run import Asked, play

ASKED = Asked(seed=randbelow(10**6), seconds=30, kills=5, workers=2, regions=("32",))


@pytest.mark.parts
@pytest.mark.timeout(600)
async def test_after_every_kind_of_fault_all_rows_are_exact_and_a_planted_skip_was_caught(
    tmp_path: Path, figures: list[str]
) -> None:
    with record.kept(tmp_path, ASKED) as (folder, report):
        await play(ASKED, folder, report.told, print)
    told = {name: report.told.figures.get(name) for name in ("events", "kills", "own_ends", record.EXACT)}
    figures.append(f"churn, seed {ASKED.seed}: {told}")
    assert not report.failed, report.summary()
    assert report.told.figures["planted_skips_caught"] == 1
