"""Reads from three tables which OPD a government has, and which services their units provide."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from shared.domain.places import Government

HERE = Path(__file__).parent
WEEK = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
MIN_UNIT_PEOPLE = 3
"""Minimum number of people in a unit."""


class ServicePost(NamedTuple):
    """A post: opening time in minutes of the day (a night shift ends after 1440), minimum staff, required skill."""

    post: str
    opens: int
    closes: int
    weekdays: tuple[str, ...]
    minimum: int
    skill: str


class ServiceType(NamedTuple):
    """A type of service unit: its share of the OPD's people, and the approximate size of one such unit."""

    unit: str
    name: str
    class_: str
    share: float
    size: int
    posts: tuple[ServicePost, ...]

    @property
    def min_people(self) -> int:
        """Return the minimum number of people of one such unit: the minimum of each post plus one for relief."""
        return max(MIN_UNIT_PEOPLE, sum(post.minimum + 1 for post in self.posts) + 1)


class CatalogueOpd(NamedTuple):
    """An OPD of the register, with its weight among the OPD of a government and its types of service units."""

    opd: str
    name: str
    class_: str
    weight: float
    service_types: tuple[ServiceType, ...]

    @property
    def min_people(self) -> int:
        """Return the minimum number of people of the OPD: two back offices, and one unit of each service type."""
        return 2 * MIN_UNIT_PEOPLE + sum(kind.min_people for kind in self.service_types)


def register(government: Government, set_: str | None = None) -> tuple[CatalogueOpd, ...]:
    """Return the OPD of a set: `provinsi` (38 OPD) or `kota` with its kecamatan; default: by government."""
    set_name = set_ or ("provinsi" if government.province else "kota")
    return tuple(opd for row in _rows("opd.csv") if row["set"] == set_name for opd in _opds(row, government))


def _opds(row: Mapping[str, str], government: Government) -> Iterator[CatalogueOpd]:
    service_types = tuple(_service_types()[name] for name in row["services"].split())
    if row["opd"] != "KEC":
        yield CatalogueOpd(row["opd"], row["name"], row["class"], float(row["weight"]), service_types)
        return
    names = [kecamatan["name"] for kecamatan in _rows("kecamatan.csv") if kecamatan["region"] == government.region]
    # The table does not name the kecamatan of every government; these four stand for them.
    for name in names or ["Kota", "Timur", "Barat", "Utara"]:
        code = f"KEC-{name.upper().replace(' ', '-')}"
        yield CatalogueOpd(code, f"Kecamatan {name}", row["class"], float(row["weight"]), service_types)


@cache
def _rows(name: str) -> Sequence[Mapping[str, str]]:
    with (HERE / name).open() as file:
        return list(csv.DictReader(file))


@cache
def _service_types() -> Mapping[str, ServiceType]:
    entries: Mapping[str, Any] = json.loads((HERE / "services.json").read_text())
    return {
        name: ServiceType(
            k["unit"], k["name"], k["class"], k["share"], k["size"], tuple(_post(*post) for post in k["posts"])
        )
        for name, k in entries.items()
    }


def _post(post: str, opens: str, closes: str, days: int, minimum: int, skill: str) -> ServicePost:
    return ServicePost(post, parse_minute(opens), parse_minute(closes), WEEK[:days], minimum, skill)


def parse_minute(text: str) -> int:
    """Return a time such as `31:15` as minutes from the midnight of the work date."""
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)
