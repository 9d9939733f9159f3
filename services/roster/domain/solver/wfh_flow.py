"""Finds the optimal home days under all rules that bound a count, as one min-cost circulation. Exact. Pure.

A cell is one person on one day. Each unit of flow is a cell at home. It runs from the hub through its person (arcs for
fairness), the person's week (weekly cap), the cell (cost) and every limit that contains the cell, back to the hub. This
is a flow because limits are laminar: any two of them are nested or disjoint (docs/decisions/0008-rosters-by-flow.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.roster.domain.solver.min_cost_flow import Arcs, IntArray, concatenate, min_cost_circulation

HUB = 0


@dataclass(frozen=True, slots=True)
class NestedLimit:
    """The minimum and maximum number of these cells, given by index, that are at home."""

    cells: IntArray
    minimum: int
    maximum: int


@dataclass(frozen=True, slots=True)
class WfhProblem:
    """The input of `solve`. Limits must be laminar: any two of them nested or disjoint.

    Shape (cells,): `person` and `week`, both from 0; `cost` of home; `pinned`, 1 if the cell must be at home.
    Shape (people, weeks): `min_days` and `max_days` at home. Shape (people,): `history`, home days already taken.
    The total cost is Σ cost over cells at home + `fairness` x Σ (history + home days)^2 over people.
    """

    person: IntArray
    week: IntArray
    cost: IntArray
    pinned: IntArray
    min_days: IntArray
    max_days: IntArray
    history: IntArray
    fairness: int
    limits: Sequence[NestedLimit] = ()


def solve(problem: WfhProblem) -> npt.NDArray[np.bool_]:
    """Return which cells are at home, shape (cells,), at the lowest total cost.

    Raises `Infeasible` if no solution satisfies the rules, ValueError if limits cross, and OverflowError if costs are
    too large to be exact.
    """
    innermost, enclosing = nest_limits(problem.limits, len(problem.person))
    cells = _cell_arcs(problem, innermost)
    network = [cells, _fairness_arcs(problem), _week_arcs(problem), _limit_arcs(problem, enclosing)]
    flow = min_cost_circulation(concatenate(network))
    return flow[: len(cells)] > 0  # cells are the first part of the network


def nest_limits(limits: Sequence[NestedLimit], cells: int) -> tuple[IntArray, IntArray]:
    """Return the innermost limit of each cell, shape (cells,), and the enclosing limit of each limit; -1 means none.

    Raises ValueError if two limits cross.
    """
    innermost, enclosing = np.full(cells, -1), np.full(len(limits), -1)
    # From the largest to the smallest: all cells of a limit are then inside the same larger one, or two limits cross.
    for number in sorted(range(len(limits)), key=lambda n: -len(limits[n].cells)):
        outer = np.unique(innermost[limits[number].cells])
        if len(outer) > 1:
            raise ValueError(f"Limit {number} crosses another one, so these rules are not a flow")
        enclosing[number] = outer[0] if len(outer) else -1
        innermost[limits[number].cells] = number
    return innermost, enclosing


# Node numbers: the hub, then people, then the weeks of each person, then limits.
def _cell_arcs(problem: WfhProblem, innermost: IntArray) -> Arcs:
    people, weeks = problem.max_days.shape
    tail = 1 + people + problem.person * weeks + problem.week
    return Arcs(tail, _limit_nodes(problem, innermost), problem.pinned, np.ones_like(tail), problem.cost)


def _fairness_arcs(problem: WfhProblem) -> Arcs:
    """Return one arc for each possible home day of a person, with rising cost: (h + 1)^2 - h^2 = 2h + 1."""
    # The cost rises from arc to arc, so a cheapest flow uses them in this order: a convex cost as linear arcs.
    days = np.bincount(problem.person, minlength=len(problem.history))
    person = np.repeat(np.arange(len(days)), days)
    # The number of each arc among those of its person: 0, 1, 2, ...
    earlier = np.arange(len(person)) - np.repeat(np.cumsum(days) - days, days)
    cost = problem.fairness * (2 * (problem.history[person] + earlier) + 1)
    return Arcs(np.zeros_like(person), 1 + person, np.zeros_like(person), np.ones_like(person), cost)


def _week_arcs(problem: WfhProblem) -> Arcs:
    people, weeks = problem.max_days.shape
    person, week = (axis.ravel() for axis in np.indices((people, weeks)))
    node = 1 + people + person * weeks + week
    return Arcs(1 + person, node, problem.min_days.ravel(), problem.max_days.ravel(), np.zeros_like(person))


def _limit_arcs(problem: WfhProblem, enclosing: IntArray) -> Arcs:
    lower = np.array([limit.minimum for limit in problem.limits], np.int64)
    upper = np.array([limit.maximum for limit in problem.limits], np.int64)
    tail = _limit_nodes(problem, np.arange(len(enclosing)))
    return Arcs(tail, _limit_nodes(problem, enclosing), lower, upper, np.zeros_like(lower))


def _limit_nodes(problem: WfhProblem, limits: IntArray) -> IntArray:
    """Return the nodes of limits, given by index; the hub for -1."""
    people, weeks = problem.max_days.shape
    return np.where(limits < 0, HUB, 1 + people + people * weeks + limits)
