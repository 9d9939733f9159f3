"""Ends a worker that hangs, so that it is started again: one whose loop stands still, or that gets nowhere."""

import logging
import threading
from collections.abc import Hashable
from time import monotonic, sleep

from services.reporting.process.exits import EX_SOFTWARE, end

log = logging.getLogger(__name__)

LOOKS = 20
"""Looks of the thread in the time that a worker may hang."""


class Watchdog:
    """A thread of its own, which ends the process when it has not been told for `patience_s` that all is well.

    The loop tells it. So a loop that is blocked and a worker that gets nowhere end in the same way.
    """

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._well = monotonic()
        self._reached: Hashable = None
        self.watches = False

    def start(self) -> None:
        """Begin to watch."""
        self.watches, self._well = True, monotonic()
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def look(self, reached: Hashable, *, excused: bool) -> None:
        """All is well when the worker has got on since the last look, or is excused: it has nothing to do, or waits."""
        if excused or reached != self._reached:
            self._well = monotonic()
        self._reached = reached

    def _watch(self) -> None:
        while self.hung_s() < self._patience_s:
            sleep(self._patience_s / LOOKS)
        end(
            f"The worker ends: it has unread records and has committed nothing for {self.hung_s():.0f} s, or stood"
            " still, while Kafka answered. Nothing is lost: a restart reads on from the last commit.",
            EX_SOFTWARE,
        )

    def hung_s(self) -> float:
        """Seconds since all was well."""
        return monotonic() - self._well
