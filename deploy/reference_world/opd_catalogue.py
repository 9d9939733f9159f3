"""Which OPD a government has, and what their units must provide, from three tables."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from shared.domain.places import Place

HERE = Path(__file__).parent
WEEK = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
SMALLEST = 3
"""People in a unit, at least."""


class Post(NamedTuple):
    """A counter: minutes of the day (a night ends beyond 1440), the heads that it needs, the skill that it asks for."""

    post: str
    opens: int
    closes: int
    weekdays: tuple[str, ...]
    minimum: int
    skill: str


class Kind(NamedTuple):
    """A kind of service unit: the share of its OPD's people, and about how many work in one such unit."""

    unit: str
    name: str
    class_: str
    share: float
    size: int
    posts: tuple[Post, ...]

    @property
    def least(self) -> int:
        """The people that one such unit needs: every post with one in relief."""
        return max(SMALLEST, sum(post.minimum + 1 for post in self.posts) + 1)


class Opd(NamedTuple):
    """An OPD of the register, with the share of its government's people and its kinds of service units."""

    opd: str
    name: str
    class_: str
    weight: float
    kinds: tuple[Kind, ...]

    @property
    def least(self) -> int:
        """The people that it needs: two back offices and one unit of each kind."""
        return 2 * SMALLEST + sum(kind.least for kind in self.kinds)


def register(place: Place, set_: str | None = None) -> tuple[Opd, ...]:
    """The OPD of a government: the province's 38, or a typical city's with its kecamatan; or those of a named set."""
    own = set_ or ("provinsi" if place.province else "kota")
    return tuple(opd for row in _rows("opd.csv") if row["set"] == own for opd in _opds(row, place))


def _opds(row: Mapping[str, str], place: Place) -> Iterator[Opd]:
    kinds = tuple(_kinds()[name] for name in row["services"].split())
    if row["opd"] != "KEC":
        yield Opd(row["opd"], row["name"], row["class"], float(row["weight"]), kinds)
        return
    named = [each["name"] for each in _rows("kecamatan.csv") if each["region"] == place.region]
    for name in named or ["Kota", "Timur", "Barat", "Utara"]:
        code = f"KEC-{name.upper().replace(' ', '-')}"
        yield Opd(code, f"Kecamatan {name}", row["class"], float(row["weight"]), kinds)


@cache
def _rows(name: str) -> Sequence[Mapping[str, str]]:
    with (HERE / name).open() as file:
        return list(csv.DictReader(file))


@cache
def _kinds() -> Mapping[str, Kind]:
    written: Mapping[str, Any] = json.loads((HERE / "services.json").read_text())
    return {
        name: Kind(k["unit"], k["name"], k["class"], k["share"], k["size"], tuple(_post(*post) for post in k["posts"]))
        for name, k in written.items()
    }


def _post(post: str, opens: str, closes: str, days: int, minimum: int, skill: str) -> Post:
    return Post(post, minute(opens), minute(closes), WEEK[:days], minimum, skill)


def minute(written: str) -> int:
    """`31:15` of a work date as minutes from its midnight."""
    hours, minutes = written.split(":")
    return int(hours) * 60 + int(minutes)
