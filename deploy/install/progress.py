"""Prints the progress of an installation."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def print_progress(line: str) -> None:
    """Print one line of progress."""
    print(line, file=sys.stderr, flush=True)
