"""Min-cost circulation: what the planner's questions come down to. Exact in integers, and fast. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Arcs:
    """Arcs between numbered nodes; every array is (arcs,). `least` <= flow <= `most`, at `cost` for each unit."""

    tail: Ints
    head: Ints
    least: Ints
    most: Ints
    cost: Ints

    def __len__(self) -> int:
        return len(self.tail)


def joined(parts: Sequence[Arcs]) -> Arcs:
    """Arcs of several parts of a network, in this order."""
    columns = zip(*((p.tail, p.head, p.least, p.most, p.cost) for p in parts), strict=True)
    return Arcs(*(np.concatenate(column) for column in columns))


class Contradiction(Exception):
    """No flow keeps all bounds."""


def circulate(arcs: Arcs) -> Ints:
    """The flow on every arc, (arcs,), that costs least. Raises `Contradiction` if no flow keeps all bounds.

    Raises OverflowError where costs are too great to be exact: times the number of nodes they must fit 63 bits.
    """
    if not len(arcs):
        return np.zeros(0, np.int64)
    if (arcs.least > arcs.most).any():
        raise Contradiction("An arc must carry at least more than it may carry at most")
    nodes = int(max(arcs.tail.max(), arcs.head.max())) + 1
    supply = np.bincount(arcs.head, arcs.least, nodes) - np.bincount(arcs.tail, arcs.least, nodes)
    flow = SimpleMinCostFlow()
    added = flow.add_arcs_with_capacity_and_unit_cost(
        arcs.tail.astype(np.int32), arcs.head.astype(np.int32), arcs.most - arcs.least, arcs.cost
    )
    flow.set_nodes_supplies(np.arange(nodes, dtype=np.int32), supply.astype(np.int64))
    status = flow.solve()
    if status == flow.INFEASIBLE:
        raise Contradiction("No flow keeps all bounds")
    if status != flow.OPTIMAL:
        raise OverflowError(f"The flow was not solved: {status.name}")
    return np.asarray(flow.flows(added), np.int64) + arcs.least
