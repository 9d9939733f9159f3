"""West Java and its 27 kab/kota by name (Kemendagri codes): where they lie, and where on the board's tile map."""

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple


class Place(NamedTuple):
    """One government: its region code, name, three letters, rough centre in degrees, and tile (column, row from 1)."""

    region: str
    name: str
    short: str
    lat: float
    lng: float
    x: int
    y: int

    @property
    def province(self) -> bool:
        """Whether this is the province itself: a code of two digits."""
        return len(self.region) == 2


@cache
def places() -> Mapping[str, Place]:
    """Every place by its region code, the province first."""
    with Path(__file__).with_suffix(".csv").open() as file:
        return {row["region"]: _place(row) for row in csv.DictReader(file)}


def _place(row: Mapping[str, str]) -> Place:
    return Place(
        row["region"], row["name"], row["short"], float(row["lat"]), float(row["lng"]), int(row["x"]), int(row["y"])
    )
