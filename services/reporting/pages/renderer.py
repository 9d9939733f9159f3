"""The pages of a view, drawn: each as it stands, and as it looks when nothing more is heard of it."""

from functools import partial
from weakref import WeakValueDictionary

from services.reporting.domain.status.board import unseen
from services.reporting.domain.status.current_status import blank
from services.reporting.domain.status.page_context import Names, of_board, of_opd
from services.reporting.pages.broadcast import Screen
from services.reporting.view.live_status import Live
from shared.domain.places import places
from shared.web.pages import Pages


class Site:
    """Draws fragments in a language; a reader of the same fragment shares its screen with all others."""

    def __init__(self, live: Live, pages: Pages) -> None:
        self.live, self.pages = live, pages
        self._screens: WeakValueDictionary[tuple[str, str, str], Screen] = WeakValueDictionary()

    def screen(self, lang: str, region: str, opd: str = "") -> Screen:
        """What all see who read this page in this language, for as long as anybody does."""
        draw = partial(self.opd, lang, region, opd) if opd else partial(self.board, lang, region)
        return self._screens.setdefault((lang, region, opd), Screen(self.live, draw))

    def _names(self) -> Names:
        return {(row.region, row.opd): row.name for row in self.live.view.rows.values() if row.name}

    def board(self, lang: str, region: str = "", *, cut: bool = False) -> str:
        """The board with the OPD of a region, or of the first that is connected."""
        regions = self.live.regions()
        shown = region or next(iter(self.live.opds()), next(iter(places())))
        seen = tuple(map(unseen, regions)) if cut else regions
        told = of_board(seen, shown, self.live.now(), self._names())
        return self.pages.fragment(lang, "board-main.html", **told, cut=cut)

    def opd(self, lang: str, region: str, opd: str, *, cut: bool = False) -> str:
        """The counters of an OPD."""
        stand = self.live.stand(region, opd)
        told = of_opd(blank(stand) if cut else stand, self._names())
        return self.pages.fragment(lang, "opd-main.html", **told, cut=cut)
