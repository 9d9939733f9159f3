"""Who is at home when: the exact optimum of every rule that bounds a count, as one min-cost circulation. Pure.

A cell is one person on one day. Each unit of flow is a cell at home: from the hub through its person (fairness), the
person's week (cap), the cell (cost) and every cover around the cell, back to the hub (design 11-roster-engine: two
laminar families are a flow).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.roster.domain.solver.min_cost_flow import Arcs, Ints, circulate, joined

HUB = 0


@dataclass(frozen=True, slots=True)
class Cover:
    """Of these cells, by number, at least and at most so many are at home."""

    cells: Ints
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Cells:
    """A question. Covers must be laminar: any two of them nested or apart.

    `person`, `week` (both from 0), `cost` (of home) and `pinned` (1: home in any case) are (cells,); `least` and `most`
    home days are (people, weeks); `history`, home days carried in, is (people,).
    Cost is Σ cost over cells at home + `fairness` x Σ (history + home days)^2 over people.
    """

    person: Ints
    week: Ints
    cost: Ints
    pinned: Ints
    least: Ints
    most: Ints
    history: Ints
    fairness: int
    covers: Sequence[Cover] = ()


def solve(cells: Cells) -> npt.NDArray[np.bool_]:
    """Which cells are at home, (cells,), at the least cost. Raises `Contradiction` if the rules leave no answer.

    Raises ValueError for covers that cross, OverflowError for costs that are too great.
    """
    innermost, around = nested(cells.covers, len(cells.person))
    at_home = _cells(cells, innermost)
    flow = circulate(joined([at_home, _fairness(cells), _weeks(cells), _covers(cells, around)]))
    return flow[: len(at_home)] > 0


def nested(covers: Sequence[Cover], cells: int) -> tuple[Ints, Ints]:
    """The innermost cover of each cell, (cells,), and the one around each cover, (covers,); -1 is none.

    Raises ValueError if two covers cross.
    """
    innermost, around = np.full(cells, -1), np.full(len(covers), -1)
    for number in sorted(range(len(covers)), key=lambda n: -len(covers[n].cells)):
        outer = np.unique(innermost[covers[number].cells])
        if len(outer) > 1:
            raise ValueError(f"Cover {number} crosses another one: these rules are not a flow")
        around[number] = outer[0] if len(outer) else -1
        innermost[covers[number].cells] = number
    return innermost, around


# Nodes: the hub, then people, then their weeks, then the covers.
def _cells(cells: Cells, innermost: Ints) -> Arcs:
    people, weeks = cells.most.shape
    tail = 1 + people + cells.person * weeks + cells.week
    return Arcs(tail, _inside(cells, innermost), cells.pinned, np.ones_like(tail), cells.cost)


def _fairness(cells: Cells) -> Arcs:
    """One arc for each home day of a person, each dearer than the one before: (h + 1)^2 - h^2 = 2h + 1."""
    days = np.bincount(cells.person, minlength=len(cells.history))
    person = np.repeat(np.arange(len(days)), days)
    earlier = np.arange(len(person)) - np.repeat(np.cumsum(days) - days, days)
    cost = cells.fairness * (2 * (cells.history[person] + earlier) + 1)
    return Arcs(np.zeros_like(person), 1 + person, np.zeros_like(person), np.ones_like(person), cost)


def _weeks(cells: Cells) -> Arcs:
    people, weeks = cells.most.shape
    person, week = (axis.ravel() for axis in np.indices((people, weeks)))
    node = 1 + people + person * weeks + week
    return Arcs(1 + person, node, cells.least.ravel(), cells.most.ravel(), np.zeros_like(person))


def _covers(cells: Cells, around: Ints) -> Arcs:
    least = np.array([cover.least for cover in cells.covers], np.int64)
    most = np.array([cover.most for cover in cells.covers], np.int64)
    return Arcs(_inside(cells, np.arange(len(around))), _inside(cells, around), least, most, np.zeros_like(least))


def _inside(cells: Cells, cover: Ints) -> Ints:
    """The nodes of covers; the hub where there is none."""
    people, weeks = cells.most.shape
    return np.where(cover < 0, HUB, 1 + people + people * weeks + cover)
