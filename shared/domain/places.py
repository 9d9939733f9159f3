"""Lists West Java and its 27 regencies and cities by Kemendagri code, with names, centres and tile map positions."""

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple


class Government(NamedTuple):
    """A government: region code, name, three-letter short name, centre in degrees, tile (column, row; both from 1)."""

    region: str
    name: str
    short: str
    lat: float
    lng: float
    x: int
    y: int

    @property
    def province(self) -> bool:
        """Return whether this is the province itself, which has a code of two digits."""
        return len(self.region) == 2


@cache
def governments() -> Mapping[str, Government]:
    """Return every government by region code, the province first. Reads `places.csv` once."""
    with Path(__file__).with_suffix(".csv").open() as file:
        return {row["region"]: _government(row) for row in csv.DictReader(file)}


def _government(row: Mapping[str, str]) -> Government:
    return Government(
        row["region"], row["name"], row["short"], float(row["lat"]), float(row["lng"]), int(row["x"]), int(row["y"])
    )
