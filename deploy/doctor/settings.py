"""Reads the settings of the deployment that is checked."""

from pathlib import Path

from shared.settings import Settings


class DoctorSettings(Settings):
    """Settings that only the check of a deployment has: the file of its scrape targets, `PIKET_TARGETS`."""

    targets: Path = Path("run/targets.json")
