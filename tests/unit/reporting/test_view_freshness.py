"""Tests until when a view is complete, and which of two rows it keeps."""

from datetime import datetime, timedelta

import pytest

from services.reporting.domain.freshness import SOURCE_SERVICES
from services.reporting.view import rows as rows_module
from services.reporting.view.rows import CoverageView, is_newer
from shared.clock import wall_time
from shared.domain.envelope import source
from shared.domain.facts.coverage import Coverage
from shared.domain.facts.heartbeat import Heartbeat, WorkerPositions
from tests.support.example_facts import THURSDAY, at

START = at("08:15")


def row(revision: int = 1, attendance: int = 0) -> Coverage:
    return Coverage(
        region="32",
        opd="DPMPTSP",
        service_date=THURSDAY,
        definition=1,
        revision=revision,
        watermark={"/piket/32/attendance": attendance},
    )


def test_a_view_is_behind_until_it_has_read_everything() -> None:
    view = CoverageView(lambda: START)
    before = view.behind_since()
    view.mark_complete()
    assert (before, view.behind_since()) == (START, None)


def test_a_view_that_nobody_confirms_any_more_is_behind_since_the_last_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = START
    view = CoverageView(lambda: now)
    view.mark_complete()
    now += timedelta(minutes=3)
    monkeypatch.setattr(rows_module, "BEHIND_AFTER_SECONDS", 0.0)
    assert (view.behind_since("32"), view.current_until("32")) == (START, START)


def signals(region: str, until: datetime, wall: datetime) -> list[Heartbeat | WorkerPositions]:
    """Return signals, sent at `wall`, by which the view of a region is complete until an instant."""
    heartbeats = [
        Heartbeat(source=source(region, service), sequence=0, offsets={}, at=until, wall=wall)
        for service in SOURCE_SERVICES
    ]
    return [*heartbeats, WorkerPositions(region=region, partition=0, positions={}, wall=wall)]


async def test_a_region_whose_processes_stopped_reporting_is_behind_and_the_others_are_not() -> None:
    view = CoverageView(lambda: START, ["32", "3271"], 1)
    view.ready = True
    view.apply_signals("32", signals("32", at("08:14"), wall_time()))
    view.apply_signals("3271", signals("3271", at("07:40"), wall_time() - timedelta(seconds=16)))
    assert [view.behind_since(region) for region in ("32", "3271", None)] == [None, at("07:40"), at("07:40")]
    assert [view.current_until(region) for region in ("32", "3271")] == [at("08:14"), at("07:40")]


async def test_without_a_heartbeat_of_its_region_a_view_is_behind_since_its_start() -> None:
    view = CoverageView(lambda: START, ["32"], 1)
    view.ready = True
    assert (view.behind_since("32"), view.behind_since("99"), view.behind_since()) == (START,) * 3


@pytest.mark.parametrize(
    ("row_", "existing", "replaces"),
    [
        (row(revision=2), row(revision=1, attendance=9), True),
        (row(revision=1, attendance=2), row(revision=1, attendance=1), True),
        (row(revision=1), row(revision=1), False),
        (row(revision=1, attendance=9), row(revision=2), False),
        (row(revision=1).model_copy(update={"definition": 2}), row(revision=99), True),
        (row(revision=1).model_copy(update={"generation": 1}), row(revision=99), True),
    ],
)
def test_the_row_from_more_facts_is_kept(row_: Coverage, existing: Coverage, replaces: object) -> None:
    assert is_newer(row_, existing) is replaces


def test_rows_in_any_order_leave_the_same_view() -> None:
    views = [CoverageView(lambda: START), CoverageView(lambda: START)]
    rows = [row(), row(revision=2, attendance=1), row(revision=3, attendance=2)]
    views[0].apply_rows(rows)
    for row_ in (*reversed(rows), *rows):
        views[1].apply_rows([row_])
    assert views[0].rows == views[1].rows
