"""Tests the cached status of OPD and regions, and pages that are rendered once for all their readers."""

import pytest

from services.reporting.pages import broadcast
from services.reporting.pages.broadcast import SharedPage
from services.reporting.pages.renderer import PageRenderer
from services.reporting.pages.routes import TEMPLATES_FOLDER
from services.reporting.view.live_status import LiveStatus
from services.reporting.view.rows import CoverageView
from shared.web.pages import Pages
from tests.browser.board_fixture import BoardClock, board_app, row
from tests.support.example_facts import at

OPD = "DISDUKCAPIL"
READERS = 100


@pytest.fixture
def day() -> BoardClock:
    return BoardClock()


@pytest.fixture
def view(day: BoardClock) -> CoverageView:
    return board_app(day).view


async def test_no_minute_is_judged_that_was_not_seen(
    day: BoardClock, view: CoverageView, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = LiveStatus(view, day)
    monkeypatch.setattr(view, "current_until", lambda _: at("09:10"))
    status = live.opd_status("32", "BAPENDA")
    assert (status.at, status.state) == (at("09:10"), "RAWAN")


async def test_a_region_that_stopped_is_unknown_since_then(
    day: BoardClock, view: CoverageView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.reporting.view.rows.BEHIND_AFTER_SECONDS", 0.0)
    day.advance(7)
    status = LiveStatus(view, day).opd_status("32", "BAPENDA")
    assert (status.at, status.behind, status.state) == (at("09:41"), at("09:41"), "TIDAK_DIKETAHUI")


async def test_a_state_is_sent_again_only_for_another_row_or_minute(day: BoardClock, view: CoverageView) -> None:
    live = LiveStatus(view, day)
    first = live.opd_status("3276", OPD)
    cached = live.opd_status("3276", OPD)
    day.advance(1)
    view.mark_complete()
    assert cached is first
    assert live.opd_status("3276", OPD) is not first


class CountedPage:
    """A shared page that counts how often it is rendered."""

    def __init__(self, view: CoverageView, day: BoardClock) -> None:
        self.renderings = 0
        self.page = SharedPage(LiveStatus(view, day), self._render)

    def _render(self) -> str:
        self.renderings += 1
        return f"<p>{self.renderings}</p>"


async def test_a_hundred_readers_share_one_drawing(view: CoverageView, day: BoardClock) -> None:
    counted = CountedPage(view, day)
    for _ in range(READERS):
        counted.page.current()
    assert counted.renderings == 1


async def test_many_changes_within_half_a_second_are_drawn_once(
    view: CoverageView, day: BoardClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = CountedPage(view, day)
    wall = iter([100.0, 100.0, 100.2, 100.4, 100.6, 100.6])
    monkeypatch.setattr(broadcast, "monotonic", lambda: next(wall))
    for revision in range(20, 24):
        view.apply_rows([row("32", "BAPENDA", {}, revision=revision)])
        counted.page.current()
    assert counted.renderings == 2


async def test_a_page_nobody_reads_is_forgotten(view: CoverageView, day: BoardClock) -> None:
    renderer = PageRenderer(LiveStatus(view, day), Pages(TEMPLATES_FOLDER))
    page = renderer.shared_page("id", "32")
    assert renderer.shared_page("id", "32") is page
    assert renderer.shared_page("en", "32") is not page
