"""Ends a worker that hangs, so that it is started again: its event loop is blocked, or it makes no progress."""

import logging
import threading
from collections.abc import Hashable
from time import monotonic, sleep

from services.reporting.process.exits import EX_SOFTWARE, exit_now

log = logging.getLogger(__name__)

CHECKS_PER_PATIENCE = 20
"""How often the watchdog's thread checks within the time that a worker may stall."""


class Watchdog:
    """A thread that ends the process if the event loop has reported no progress for `patience_s` seconds.

    The event loop makes the reports, so a blocked loop and a worker without progress are detected in the same way.
    """

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._last_progress = monotonic()
        self._last_position: Hashable = None
        self.is_started = False

    def start(self) -> None:
        """Start the thread. The time that the worker may stall begins now."""
        self.is_started, self._last_progress = True, monotonic()
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def report(self, position: Hashable, *, idle: bool) -> None:
        """Record progress if the position has changed since the last report, or if the worker is idle.

        A worker is idle if it has nothing to read, or waits for its consumer group.
        """
        if idle or position != self._last_position:
            self._last_progress = monotonic()
        self._last_position = position

    def _watch(self) -> None:
        while self.stalled_s() < self._patience_s:
            sleep(self._patience_s / CHECKS_PER_PATIENCE)
        exit_now(
            f"The worker ends: it has unread records and has committed nothing for {self.stalled_s():.0f} s, or was"
            " blocked, while Kafka answered. Nothing is lost: a restart continues from the last commit.",
            EX_SOFTWARE,
        )

    def stalled_s(self) -> float:
        """Return the seconds since the last progress."""
        return monotonic() - self._last_progress
