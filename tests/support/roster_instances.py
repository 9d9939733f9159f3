"""Reads instances of `piket-roster-instance/1` whose rules form a flow, and checks a roster by the format itself."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from services.roster.domain.solver.wfh_flow import NestedLimit, WfhProblem

HomeCells = set[tuple[str, str]]


def allowed_cells(inst: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the (employee, day) cells in which home is allowed."""
    never = {tuple(cell) for cell in (*inst["absent"], *inst["blocked"])}
    people = [e["id"] for e in inst["employees"] if e["eligible"]]
    return [(e, d) for e in people for d in inst["home_days"] if (e, d) not in never]


def wfh_problem(inst: Mapping[str, Any]) -> WfhProblem:
    people = {e["id"]: n for n, e in enumerate(inst["employees"])}
    weeks = sorted({d["week"] for d in inst["days"]})
    week = {d["id"]: weeks.index(d["week"]) for d in inst["days"]}
    cost = Counter({(e, d): c for e, d, c in inst["preferences"]})
    allowed = allowed_cells(inst)
    caps = [[e.get("max_home_per_week", inst["max_home_per_week"])] * len(weeks) for e in inst["employees"]]
    return WfhProblem(
        person=np.array([people[e] for e, _ in allowed]),
        week=np.array([week[d] for _, d in allowed]),
        cost=np.array([cost[cell] - inst["weights"]["home_day"] for cell in allowed]),
        pinned=np.zeros(len(allowed), np.int64),
        min_days=np.zeros((len(people), len(weeks)), np.int64),
        max_days=np.array(caps),
        history=np.array([e["history"] for e in inst["employees"]]),
        fairness=inst["weights"]["fairness"],
        limits=list(_nested_limits(inst, {cell: number for number, cell in enumerate(allowed)})),
    )


def _nested_limits(inst: Mapping[str, Any], numbers: Mapping[tuple[str, str], int]) -> Iterator[NestedLimit]:
    for members, most in limits(inst):
        for day, limit in zip(inst["days"], most, strict=True):
            within = [numbers[e, day["id"]] for e in members if (e, day["id"]) in numbers]
            yield NestedLimit(np.array(within, np.int64), 0, limit)


def limits(inst: Mapping[str, Any]) -> list[tuple[list[str], list[int]]]:
    """Return the members of each share and cover, and how many of them may be at home on each day."""
    absent = {tuple(cell) for cell in inst["absent"]}
    opd = {u["id"]: u["opd"] for u in inst["units"]}
    days = [d["id"] for d in inst["days"]]

    def present(members: Sequence[str], day: str) -> int:
        return sum((e, day) not in absent for e in members)

    of_opd = {s["id"]: [e["id"] for e in inst["employees"] if opd[e["unit"]] == s["opd"]] for s in inst["shares"]}
    shares = [
        (of_opd[s["id"]], [s["max_home_pct"] * present(of_opd[s["id"]], d) // 100 for d in days])
        for s in inst["shares"]
    ]
    covers = [
        (c["members"], [max(present(c["members"], d) - c["min_on_site"], 0) for d in days]) for c in inst["covers"]
    ]
    return [*shares, *covers]


def violations(inst: Mapping[str, Any], home: HomeCells) -> list[object]:
    """Return what breaks a rule in a roster."""
    week = {d["id"]: d["week"] for d in inst["days"]}
    per_week = Counter((e, week[d]) for e, d in home)
    over = [
        (members, d["id"])
        for members, most in limits(inst)
        for d, limit in zip(inst["days"], most, strict=True)
        if sum((e, d["id"]) in home for e in members) > limit
    ]
    capped = [cell for cell, days in per_week.items() if days > inst["max_home_per_week"]]
    return [*(home - set(allowed_cells(inst))), *over, *capped]


def objective(inst: Mapping[str, Any], home: HomeCells) -> int:
    """Return the total cost of a roster."""
    weights, days = inst["weights"], Counter(e for e, _ in home)
    liked = sum(c for e, d, c in inst["preferences"] if (e, d) in home)
    unfair = sum((e["history"] + days[e["id"]]) ** 2 for e in inst["employees"] if e["eligible"])
    return int(liked + weights["fairness"] * unfair - weights["home_day"] * len(home))
