"""A row that readers see held against the row that its facts make: where they part first. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from shared.domain.facts.coverage import Coverage, Steps, at


class Parted(NamedTuple):
    """Where a row is not as its facts make it: a lane from a minute on, or with -1 something that it says by itself."""

    opd: str
    service_date: date
    lane: str
    minute: int
    seen: str
    due: str

    def __str__(self) -> str:
        since = f" from {self.minute // 60:02d}.{self.minute % 60:02d} on" if self.minute >= 0 else ""
        return f"{self.opd} {self.service_date} {self.lane}{since}: the view says {self.seen}, the facts {self.due}"


def parted(seen: Coverage | None, due: Coverage | None) -> Parted | None:
    """The first difference in content between the row that is seen and the one that is due; None where they agree.

    How often a row was counted and how far its sources were read is no content.
    """
    row = seen or due
    if row is None:
        return None
    places = (f"{row.region}/{row.opd}", row.service_date)
    if seen is None or due is None:
        return Parted(*places, "row", -1, "yes" if seen else "no", "yes" if due else "no")
    says, said = _says(seen), _says(due)
    for lane in sorted(says.keys() | said.keys()):
        if says.get(lane) != said.get(lane):
            return Parted(*places, lane, -1, says.get(lane, "nothing"), said.get(lane, "nothing"))
    lanes, wanted = _lanes(seen), _lanes(due)
    for lane in sorted(lanes.keys() | wanted.keys()):
        one, other = lanes.get(lane, ()), wanted.get(lane, ())
        for minute in sorted({minute for minute, _ in (*one, *other)}):
            if at(one, minute) != at(other, minute):
                return Parted(*places, lane, minute, str(at(one, minute)), str(at(other, minute)))
    return None


def _says(row: Coverage) -> Mapping[str, str]:
    units = {f"{unit} {name}": str(told) for unit, of in row.units.items() for name, told in of if name != "posts"}
    posts = {f"{unit}/{post}": "a post" for unit, of in row.units.items() for post in of.posts}
    return {"name": row.name, **units, **posts}


def _lanes(row: Coverage) -> Mapping[str, Steps]:
    posts = ((f"{unit}/{post}", lanes) for unit, of in row.units.items() for post, lanes in of.posts.items())
    return {**{f"{post} {lane}": steps for post, lanes in posts for lane, steps in lanes}, **row.modes}
