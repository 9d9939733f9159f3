"""Collects what tests measure, also in the worker processes of pytest-xdist."""

from collections.abc import Callable

MEASURED = "measured"


class Figures:
    """What a test has measured: printed before pytest's own summary, never asserted."""

    def __init__(self, record_property: Callable[[str, object], None]) -> None:
        self._record_property = record_property

    def append(self, line: str) -> None:
        """Print `line` at the end of the run; a property of the report, so that it leaves a worker process."""
        self._record_property(MEASURED, line)
