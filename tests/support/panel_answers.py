"""Runs the queries of panels on a Prometheus, and finds those that fail or have no value."""

import math
import time
from collections.abc import Iterable, Iterator
from typing import Any

import httpx

from deploy.observability.dashboards.panel_queries import PanelQuery, panel_queries
from tests.support.waiting import wait_until

RANGE_S, STEP_S = 60, 5
"""How long and how fine the time axis of a range query is."""


def empty_panels(prometheus: httpx.Client, queries: Iterable[PanelQuery], at: float) -> list[str]:
    """Return a line for each query without any finite value at the instant `at`, or with an error."""
    answers = ((query, _answer(prometheus, query, at)) for query in queries)
    return [line for query, answer in answers for line in _faults(query, answer)]


async def all_panels_have_values(client: httpx.Client) -> None:
    """Wait until the query of each panel had a value once."""
    # Rates need two scrapes, recorded series an evaluation after them.
    waiting = list(panel_queries())

    def none_is_empty() -> bool:
        waiting[:] = [query for query in waiting if empty_panels(client, [query], time.time())]
        return not waiting

    await wait_until(none_is_empty, what=lambda: "\n".join(empty_panels(client, waiting, time.time())), every=0.2)


def panel_values(prometheus: httpx.Client, query: PanelQuery, at: float) -> list[float]:
    """Return all values of an answer. Raise KeyError if the query fails."""
    return list(_values(_answer(prometheus, query, at)["data"]["result"]))


def _faults(query: PanelQuery, answer: Any) -> Iterator[str]:
    place = f"{query.dashboard} / {query.panel}"
    if answer["status"] != "success":
        yield f"{place}: {answer['error']}: {query.expression}"
    elif not any(math.isfinite(value) for value in _values(answer["data"]["result"])):
        yield f"{place} is empty: {query.expression}"


def _answer(prometheus: httpx.Client, query: PanelQuery, at: float) -> Any:
    path, period = "/api/v1/query_range", {"start": at - RANGE_S, "end": at, "step": STEP_S}
    if query.instant:
        path, period = "/api/v1/query", {"time": at}
    return prometheus.post(path, data={"query": query.expression, **period}).json()


def _values(result: list[dict[str, Any]]) -> Iterator[float]:
    for series in result:
        for _, value in series.get("values") or [series["value"]]:
            yield float(value)
