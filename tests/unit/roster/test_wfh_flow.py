"""The flow behind the roster: proved optima, and every small question solved by trying all answers."""

import json
from collections import Counter
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.roster.domain.solver.min_cost_flow import Arcs, Infeasible, IntArray, min_cost_circulation
from services.roster.domain.solver.wfh_flow import NestedLimit, WfhProblem, nest_limits, solve
from tests.support import roster_instances as instances

PROVED_OPTIMUM = -312697
"""The optimum of a-300x5, by two solvers (`piket-roster-instance/1`)."""

Cell = tuple[int, int]
Answer = npt.NDArray[np.bool_]


def test_three_hundred_people_over_a_week_reach_the_proved_optimum() -> None:
    inst = json.loads((Path(__file__).parent / "data/a-300x5.json").read_text())
    chosen = solve(instances.wfh_problem(inst))
    home = {cell for cell, at_home in zip(instances.allowed_cells(inst), chosen, strict=True) if at_home}
    assert (instances.violations(inst, home), instances.objective(inst, home)) == ([], PROVED_OPTIMUM)


def ints(*values: int) -> IntArray:
    return np.array(values, np.int64)


DAYS, PEOPLE = 3, 3
WEEK = ints(0, 0, 1)
GROUPS = st.sampled_from([(), ((0, 1, 2),), ((0, 1), (2,)), ((0, 1, 2), (0, 1)), ((1,), (0, 1, 2), (1, 2))])
SMALL = st.integers(0, 2)


def nested_limit(cells: list[Cell], group: Sequence[int], day: int, most: int) -> NestedLimit:
    return NestedLimit(ints(*(n for n, (p, d) in enumerate(cells) if p in group and d == day)), 0, most)


@st.composite
def problems(draw: st.DrawFn) -> WfhProblem:
    cells = draw(st.lists(st.tuples(SMALL, SMALL), min_size=1, max_size=8, unique=True))

    def numbers(count: int, values: st.SearchStrategy[int]) -> IntArray:
        return ints(*draw(st.lists(values, min_size=count, max_size=count)))

    most = numbers(PEOPLE * 2, SMALL).reshape(PEOPLE, 2)
    return WfhProblem(
        person=ints(*(person for person, _ in cells)),
        week=WEEK[[day for _, day in cells]],
        cost=numbers(len(cells), st.integers(-9, 4)),
        pinned=numbers(len(cells), st.sampled_from([0, 0, 0, 1])),
        min_days=np.minimum(most, numbers(PEOPLE * 2, st.sampled_from([0, 0, 1])).reshape(PEOPLE, 2)),
        max_days=most,
        history=numbers(PEOPLE, SMALL),
        fairness=draw(SMALL),
        limits=[nested_limit(cells, group, day, draw(SMALL)) for group in draw(GROUPS) for day in range(DAYS)],
    )


def is_feasible(problem: WfhProblem, chosen: Answer) -> bool:
    weeks = Counter(zip(problem.person[chosen].tolist(), problem.week[chosen].tolist(), strict=True))
    in_week = all(
        problem.min_days[person, week] <= weeks[person, week] <= problem.max_days[person, week]
        for person, week in product(range(PEOPLE), range(2))
    )
    return in_week and all(chosen[limit.cells].sum() <= limit.maximum for limit in problem.limits)


def total_cost(problem: WfhProblem, chosen: Answer) -> int:
    days = np.bincount(problem.person, chosen, PEOPLE)
    return int((problem.cost * chosen).sum() + problem.fairness * ((problem.history + days) ** 2).sum())


@given(problems())
def test_no_answer_to_a_small_question_is_cheaper(problem: WfhProblem) -> None:
    answers = (np.array(answer) for answer in product((False, True), repeat=len(problem.person)))
    feasible = [answer for answer in answers if (answer >= problem.pinned).all() and is_feasible(problem, answer)]
    if not feasible:
        with pytest.raises(Infeasible):
            solve(problem)
        return
    chosen = solve(problem)
    assert (is_feasible(problem, chosen), total_cost(problem, chosen)) == (
        True,
        min(total_cost(problem, answer) for answer in feasible),
    )


def test_covers_that_cross_are_no_flow() -> None:
    with pytest.raises(ValueError, match="crosses"):
        nest_limits([NestedLimit(ints(0, 1), 0, 1), NestedLimit(ints(1, 2), 0, 1)], 3)


def test_a_limit_of_no_cells_has_no_enclosing_limit() -> None:
    assert nest_limits([NestedLimit(ints(), 0, 0)], 3)[1].tolist() == [-1]


def test_nothing_to_move_is_no_flow() -> None:
    assert min_cost_circulation(Arcs(*(ints() for _ in range(5)))).tolist() == []


def test_an_arc_that_must_carry_more_than_it_may_is_a_contradiction() -> None:
    with pytest.raises(Infeasible):
        min_cost_circulation(Arcs(ints(0), ints(0), ints(2), ints(1), ints(0)))


def test_what_flows_in_and_cannot_flow_out_is_a_contradiction() -> None:
    with pytest.raises(Infeasible):
        min_cost_circulation(Arcs(ints(0, 1), ints(1, 0), ints(2, 0), ints(2, 1), ints(0, 0)))


def test_costs_beyond_what_is_exact_are_distinguished_from_rules_that_contradict_one_another() -> None:
    arcs = Arcs(ints(0, 1), ints(1, 0), ints(1, 0), ints(1, 1), ints(2**62, 2**62))
    with pytest.raises(OverflowError, match="COST"):
        min_cost_circulation(arcs)
