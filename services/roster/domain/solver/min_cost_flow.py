"""Solves a min-cost circulation exactly, in integers, with OR-Tools. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Arcs:
    """Arcs between numbered nodes. Arrays have shape (arcs,); `lower` <= flow <= `upper`, `cost` per unit of flow."""

    tail: IntArray
    head: IntArray
    lower: IntArray
    upper: IntArray
    cost: IntArray

    def __len__(self) -> int:
        return len(self.tail)


def concatenate(parts: Sequence[Arcs]) -> Arcs:
    """Return the arcs of several parts of a network as one, in this order."""
    columns = zip(*((p.tail, p.head, p.lower, p.upper, p.cost) for p in parts), strict=True)
    return Arcs(*(np.concatenate(column) for column in columns))


class Infeasible(Exception):
    """No flow satisfies all bounds."""


def min_cost_circulation(arcs: Arcs) -> IntArray:
    """Return the flow of lowest cost on every arc, shape (arcs,).

    Raises `Infeasible` if no flow satisfies all bounds, and OverflowError if costs are too large to be exact: cost
    times the number of nodes must fit in 63 bits.
    """
    if not len(arcs):
        return np.zeros(0, np.int64)
    if (arcs.lower > arcs.upper).any():
        raise Infeasible("The lower bound of an arc is above its upper bound")
    nodes = int(max(arcs.tail.max(), arcs.head.max())) + 1
    # The solver has no lower bounds: they become a fixed flow, which each head has to pass on and each tail to receive.
    supply = np.bincount(arcs.head, arcs.lower, nodes) - np.bincount(arcs.tail, arcs.lower, nodes)
    flow = SimpleMinCostFlow()
    added = flow.add_arcs_with_capacity_and_unit_cost(
        arcs.tail.astype(np.int32), arcs.head.astype(np.int32), arcs.upper - arcs.lower, arcs.cost
    )
    flow.set_nodes_supplies(np.arange(nodes, dtype=np.int32), supply.astype(np.int64))
    status = flow.solve()
    if status == flow.INFEASIBLE:
        raise Infeasible("No flow satisfies all bounds")
    # For example BAD_COST_RANGE, which does not mean that the bounds contradict one another.
    if status != flow.OPTIMAL:
        raise OverflowError(f"The flow was not solved: {status.name}")
    return np.asarray(flow.flows(added), np.int64) + arcs.lower
