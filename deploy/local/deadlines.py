"""Scales deadlines by one factor, `PIKET_DEADLINE_FACTOR` of the environment: 1 if unset, more on a loaded machine."""

import os

FACTOR = float(os.environ.get("PIKET_DEADLINE_FACTOR", "1"))


def scaled(seconds: float) -> float:
    """Return how long to wait, in seconds, for what takes at most `seconds` on a quiet machine."""
    return seconds * FACTOR
