"""Finds the first difference between a row of the view and the row computed from the facts. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from shared.domain.facts.coverage import Coverage, Steps, heads_at


class RowDifference(NamedTuple):
    """The first difference of a row; `lane` names a lane of a post, a mode, or a field of the row or a unit.

    `minute` is the first minute of the service date at which a lane differs; -1 for a field.
    """

    opd: str
    service_date: date
    lane: str
    minute: int
    actual: str
    expected: str

    def __str__(self) -> str:
        since = f" from {self.minute // 60:02d}.{self.minute % 60:02d} on" if self.minute >= 0 else ""
        where = f"{self.opd} {self.service_date} {self.lane}{since}"
        return f"{where}: the view says {self.actual}, the facts {self.expected}"


def first_difference(actual: Coverage | None, expected: Coverage | None) -> RowDifference | None:
    """Return the first difference in content between a row of the view and the expected row; None if they agree.

    Revision, generation and watermark are not content.
    """
    row = actual or expected
    if row is None:
        return None
    key = (f"{row.region}/{row.opd}", row.service_date)
    if actual is None or expected is None:
        return RowDifference(*key, "row", -1, "yes" if actual else "no", "yes" if expected else "no")
    actual_fields, expected_fields = _fields(actual), _fields(expected)
    for name in sorted(actual_fields.keys() | expected_fields.keys()):
        values = actual_fields.get(name, "nothing"), expected_fields.get(name, "nothing")
        if actual_fields.get(name) != expected_fields.get(name):
            return RowDifference(*key, name, -1, *values)
    actual_lanes, expected_lanes = _lanes(actual), _lanes(expected)
    for lane in sorted(actual_lanes.keys() | expected_lanes.keys()):
        minute = _first_differing_minute(actual_lanes.get(lane, ()), expected_lanes.get(lane, ()))
        if minute is not None:
            heads = (heads_at(lanes.get(lane, ()), minute) for lanes in (actual_lanes, expected_lanes))
            return RowDifference(*key, lane, minute, *map(str, heads))
    return None


def _first_differing_minute(actual: Steps, expected: Steps) -> int | None:
    """Return the first minute at which the heads differ; steps that repeat a number of heads do not matter."""
    minutes = sorted({minute for minute, _ in (*actual, *expected)})
    return next((minute for minute in minutes if heads_at(actual, minute) != heads_at(expected, minute)), None)


def _fields(row: Coverage) -> Mapping[str, str]:
    """Return every value of a row that is not a lane, and its posts, by name."""
    units = {
        f"{code} {name}": str(value) for code, unit in row.units.items() for name, value in unit if name != "posts"
    }
    posts = {f"{code}/{post}": "a post" for code, unit in row.units.items() for post in unit.posts}
    # Rows of earlier releases have no home share; it is not a difference that their facts have one.
    home = {"home": str(row.home)} if row.home else {}
    return {"name": row.name, **home, **units, **posts}


def _lanes(row: Coverage) -> Mapping[str, Steps]:
    posts = ((f"{code}/{post}", lanes) for code, unit in row.units.items() for post, lanes in unit.posts.items())
    return {**{f"{post} {lane}": steps for post, lanes in posts for lane, steps in lanes}, **row.modes}
