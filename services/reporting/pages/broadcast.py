"""One page kept live for all who read it: made once, at most twice a second, and sent when it is another."""

from collections.abc import AsyncIterator, Callable
from hashlib import blake2b
from time import monotonic
from typing import NamedTuple

from services.reporting.view.live_status import BEAT_SECONDS, LOOK_SECONDS, Live, Seen

PAUSE_SECONDS = 0.5


class Shown(NamedTuple):
    """A fragment, and the id that stands for its content, the same on every replica."""

    id: str
    html: str


class Screen:
    """What a page shows in one language."""

    def __init__(self, live: Live, make: Callable[[], str]) -> None:
        self._live, self._make = live, make
        self._made = -PAUSE_SECONDS
        self._moment: Seen | None = None
        self._shown = Shown("", "")

    def look(self) -> Shown:
        """The fragment, not older than the pause."""
        if monotonic() - self._made < PAUSE_SECONDS:
            return self._shown
        moment = self._live.moment()
        if self._moment is None or not moment.same(self._moment):
            html = self._make()
            self._made, self._moment = monotonic(), moment
            self._shown = Shown(blake2b(html.encode(), digest_size=9).hexdigest(), html)
        return self._shown

    async def follow(self, last: str) -> AsyncIterator[Shown | None]:
        """The fragment as soon as it is not the reader's last; None as a sign of life, at once if it still is."""
        beaten = -BEAT_SECONDS
        while True:
            shown = self.look()
            if shown.id != last or monotonic() - beaten >= BEAT_SECONDS:
                yield None if shown.id == last else shown
                last, beaten = shown.id, monotonic()
            await self._live.view.change(LOOK_SECONDS)
