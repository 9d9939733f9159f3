"""Shares one rendered page among all its live readers: rendered at most twice a second, sent when it changes."""

from collections.abc import AsyncIterator, Callable
from hashlib import blake2b
from time import monotonic
from typing import NamedTuple

from services.reporting.view.live_status import CLOCK_CHECK_SECONDS, HEARTBEAT_SECONDS, CacheKey, LiveStatus

MIN_RENDER_INTERVAL_S = 0.5
"""A page is not rendered again within this time, however often its data changes."""


class RenderedFragment(NamedTuple):
    """An HTML fragment, and an id computed from its content, so that it is the same on every replica."""

    id: str
    html: str


class SharedPage:
    """A page in one language, rendered for all its readers."""

    def __init__(self, live: LiveStatus, render: Callable[[], str]) -> None:
        self._live, self._render = live, render
        self._rendered_at = -MIN_RENDER_INTERVAL_S  # the first call renders at once
        self._version: CacheKey | None = None
        self._fragment = RenderedFragment("", "")

    def current(self) -> RenderedFragment:
        """Return the fragment; render it if its data has changed, but at most every `MIN_RENDER_INTERVAL_S`."""
        if monotonic() - self._rendered_at < MIN_RENDER_INTERVAL_S:
            return self._fragment
        version = self._live.board_version()
        if self._version is None or not version.matches(self._version):
            html = self._render()
            self._rendered_at, self._version = monotonic(), version
            self._fragment = RenderedFragment(blake2b(html.encode(), digest_size=9).hexdigest(), html)
        return self._fragment

    async def follow(self, last_id: str) -> AsyncIterator[RenderedFragment | None]:
        """Yield the fragment whenever its id is not the reader's last one; None as a sign of life.

        If the first fragment is the one that the reader has, None comes at once.
        """
        sent_at = -HEARTBEAT_SECONDS
        while True:
            fragment = self.current()
            if fragment.id != last_id or monotonic() - sent_at >= HEARTBEAT_SECONDS:
                yield None if fragment.id == last_id else fragment
                last_id, sent_at = fragment.id, monotonic()
            await self._live.view.wait_for_change(CLOCK_CHECK_SECONDS)
