"""Renders the board and the OPD pages of a view: their current content, and what a disconnected reader sees."""

from functools import partial
from weakref import WeakValueDictionary

from services.reporting.domain.status.board import region_as_unknown
from services.reporting.domain.status.current_status import opd_as_unknown
from services.reporting.domain.status.page_context import OpdNames, board_context, opd_context
from services.reporting.pages.broadcast import SharedPage
from services.reporting.view.live_status import LiveStatus
from shared.domain.places import governments
from shared.web.pages import Pages


class PageRenderer:
    """Renders fragments in a language. All readers of the same fragment share one `SharedPage`."""

    def __init__(self, live: LiveStatus, pages: Pages) -> None:
        self.live, self.pages = live, pages
        # Weak values: a page and its HTML are freed as soon as no reader follows it.
        self._shared_pages: WeakValueDictionary[tuple[str, str, str], SharedPage] = WeakValueDictionary()

    def shared_page(self, lang: str, region: str, opd: str = "") -> SharedPage:
        """Return the page of a board, or of an OPD, that all its readers share; it is dropped with its last reader."""
        render = partial(self.render_opd, lang, region, opd) if opd else partial(self.render_board, lang, region)
        return self._shared_pages.setdefault((lang, region, opd), SharedPage(self.live, render))

    def _names(self) -> OpdNames:
        return {(row.region, row.opd): row.name for row in self.live.view.rows.values() if row.name}

    def render_board(self, lang: str, region: str = "", *, disconnected: bool = False) -> str:
        """Render the board with the OPD list of a region; without one, of the first region that has rows.

        `disconnected`: as a reader sees it whose connection is lost, with all states unknown.
        """
        regions = self.live.region_statuses()
        listed_region = region or next(iter(self.live.opds_by_region()), next(iter(governments())))
        visible = tuple(map(region_as_unknown, regions)) if disconnected else regions
        context = board_context(visible, listed_region, self.live.now(), self._names())
        return self.pages.fragment(lang, "board-main.html", **context, cut=disconnected)

    def render_opd(self, lang: str, region: str, opd: str, *, disconnected: bool = False) -> str:
        """Render the counters of an OPD; `disconnected` as for the board."""
        status = self.live.opd_status(region, opd)
        context = opd_context(opd_as_unknown(status) if disconnected else status, self._names())
        return self.pages.fragment(lang, "opd-main.html", **context, cut=disconnected)
