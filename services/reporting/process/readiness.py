"""Says whether a worker has partitions and reads them. Its event loop reports this; another thread answers."""

from http import HTTPStatus
from time import monotonic

from shared.health.readiness import Report, event_loop_silent

SILENT_AFTER_S = 5.0
"""The event loop reports once in a second. A longer silence means that it is blocked, or ends."""


class WorkerReadiness:
    """The last state that the event loop reported; at first the worker is joining its consumer group."""

    def __init__(self) -> None:
        self._state, self._is_ready, self._reported = "is joining its consumer group", False, monotonic()

    def report_state(self, *, joining: bool, recovering: bool, partitions: int) -> None:
        """Record the state of the worker. It is ready if it reads at least one partition."""
        self._reported = monotonic()
        self._is_ready = bool(partitions) and not joining and not recovering
        states = {
            "is joining its consumer group": joining,
            "has no partition; other workers have all": not partitions,
            "is reading its changelog": recovering,
            f"reads {partitions} partitions": True,
        }
        self._state = next(state for state, holds in states.items() if holds)

    def report(self) -> Report:
        """Return the answer of `/readyz`."""
        if self._is_ready and monotonic() - self._reported > SILENT_AFTER_S:
            return event_loop_silent()
        status = HTTPStatus.OK if self._is_ready else HTTPStatus.SERVICE_UNAVAILABLE
        part = {"state": self._state, "works": self._is_ready, "required": True}
        return Report(status, {"ready": self._is_ready, "parts": {"worker": part}})
