"""Finds what is wrong with the JSON of Grafana dashboards, one line for each finding."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from tests.support.metric_catalogue import unknown_series

Dashboard = Mapping[str, Any]
Panel = Mapping[str, Any]

TILE_LAYERS = frozenset({"default", "carto", "esri-xyz", "osm-standard", "xyz", "maplibre"})
"""Base layers that load from the internet unless the server configures them."""
OF_GRAFANA = re.compile(r"__\w+")
"""Variables that exist on every dashboard."""
COUNTER_PAGE = re.compile(r"\$\{piket:raw\}/opd/[^/]+/[^/]+")
FIXED_WINDOWS_OF = "piket-slo"
"""Windows of burn rates are fixed: they belong to an objective, not to the time range."""


def violations(dashboards: Sequence[Dashboard], known: Mapping[str, frozenset[str]]) -> list[str]:
    """Return all findings. `known` are the series that a query may use, with their labels."""
    uids = [board.get("uid", "") for board in dashboards]
    repeated = [f"uid {uid} is used twice" for uid in sorted({uid for uid in uids if uids.count(uid) > 1})]
    rules = (settings, positions, variables, links, texts, colours, legends, queries, maps)
    by_rule = [f"{board['title']}: {line}" for board in dashboards for rule in rules for line in rule(board)]
    links_to = [f"{board['title']}: {line}" for board in dashboards for line in dead_links(board, set(uids))]
    series = [f"{board['title']}: {line}" for board in dashboards for line in series_outside(board, known)]
    return [*repeated, *by_rule, *links_to, *series]


def panels(board: Dashboard) -> list[Panel]:
    """Return the panels without the rows."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def targets(board: Dashboard) -> Iterator[tuple[Panel, Mapping[str, Any]]]:
    """Yield each panel with each of its queries."""
    return ((panel, target) for panel in panels(board) for target in panel["targets"])


def settings(board: Dashboard) -> Iterator[str]:
    """Find a dashboard without a uid, of another time zone, or that its users may change."""
    if not str(board.get("uid", "")).startswith("piket-"):
        yield "has no uid that begins with piket-"
    if board.get("timezone") != "Asia/Jakarta":
        yield "is not in the time zone Asia/Jakarta"
    if board.get("editable", True):
        yield "can be edited, and the edit would be lost"


def positions(board: Dashboard) -> Iterator[str]:
    """Find panels without an id of their own, outside the 24 columns, or that overlap."""
    ids = [panel.get("id") for panel in board["panels"]]
    if None in ids or len(set(ids)) < len(ids):
        yield "has panels without an id of their own"
    for panel in board["panels"]:
        if panel["gridPos"]["x"] + panel["gridPos"]["w"] > 24:
            yield f"{panel['title']} is outside the 24 columns"
    for one, two in combinations(board["panels"], 2):
        if _overlap(one["gridPos"], two["gridPos"]):
            yield f"{one['title']} overlaps {two['title']}"


def _overlap(one: Mapping[str, int], two: Mapping[str, int]) -> bool:
    return all(one[at] < two[at] + two[size] and two[at] < one[at] + one[size] for at, size in (("x", "w"), ("y", "h")))


def variables(board: Dashboard) -> Iterator[str]:
    """Find variables that nothing uses, names that are no variable, and a choice of OPD of all regions."""
    declared = {variable["name"]: variable for variable in board["templating"]["list"]}
    text = json.dumps([board["panels"], [variable.get("query") for variable in declared.values()]])
    used = set(re.findall(r"\$\{?(\w+)", text))
    yield from (f"nothing uses the variable {name}" for name in sorted(set(declared) - used))
    yield from (f"${name} is no variable" for name in sorted(used - set(declared)) if not OF_GRAFANA.fullmatch(name))
    if "opd" in declared and "$region" not in json.dumps(declared["opd"]["query"]):
        yield "the variable opd does not depend on the region"
    if declared.get("ds", {}).get("type") != "datasource":
        yield "has no variable ds of a datasource"


def links(board: Dashboard) -> Iterator[str]:
    """Find a dashboard without links to the other ones, or with links that drop variables or the time range."""
    kept = [link for link in board.get("links", ()) if link["type"] == "dashboards" and link["tags"] == board["tags"]]
    if not any(link["includeVars"] and link["keepTime"] for link in kept):
        yield "does not link to the other dashboards with variables and time range"


def dead_links(board: Dashboard, uids: set[str]) -> Iterator[str]:
    """Find links of values that lead neither to a dashboard nor to the page of an OPD."""
    for panel in panels(board):
        for url in _urls(panel):
            dashboard_uid = re.match(r"/d/([\w-]+)\?", url)
            if not (dashboard_uid and dashboard_uid[1] in uids) and not COUNTER_PAGE.fullmatch(url):
                yield f"{panel['title']} has a link to nowhere: {url}"


def _urls(panel: Panel) -> list[str]:
    config = panel["fieldConfig"]
    overridden = [
        item["value"] for override in config["overrides"] for item in override["properties"] if item["id"] == "links"
    ]
    return [link["url"] for group in (config["defaults"].get("links", []), *overridden) for link in group]


def texts(board: Dashboard) -> Iterator[str]:
    """Find panels without a title, a description in sentences, or a unit."""
    for panel in panels(board):
        if not panel.get("title"):
            yield f"panel {panel['id']} has no title"
        if not re.fullmatch(r"[A-Z].{38,}[.]", panel.get("description", "")):
            yield f"{panel['title']} has no description in sentences"
        if not panel["fieldConfig"]["defaults"].get("unit"):
            yield f"{panel['title']} has no unit"


def colours(board: Dashboard) -> Iterator[str]:
    """Find values whose meaning only a colour says: several thresholds without texts."""
    for panel in panels(board):
        for field in (panel["fieldConfig"]["defaults"], *_overridden(panel)):
            if len(field.get("thresholds", {}).get("steps", ())) > 1 and not _has_texts(field):
                yield f"{panel['title']} has colours without texts"


def _overridden(panel: Panel) -> list[dict[str, Any]]:
    overrides = panel["fieldConfig"]["overrides"]
    return [{item["id"]: item["value"] for item in override["properties"]} for override in overrides]


def _has_texts(field: Mapping[str, Any]) -> bool:
    return '"text": "' in json.dumps(field.get("mappings", []))


def legends(board: Dashboard) -> Iterator[str]:
    """Find lines and bars over time without names or without a legend."""
    for panel, target in targets(board):
        if panel["type"] in ("timeseries", "state-timeline"):
            if target.get("legendFormat", "__auto") == "__auto":
                yield f"{panel['title']} has lines without names"
            if not panel["options"].get("legend", {}).get("showLegend"):
                yield f"{panel['title']} has no legend"


def queries(board: Dashboard) -> Iterator[str]:
    """Find queries with a fixed datasource, region or window, with `irate`, or instant where time is displayed."""
    for panel, target in targets(board):
        expression = target["expr"]
        if {target["datasource"]["uid"], panel["datasource"]["uid"]} != {"${ds}"}:
            yield f"{panel['title']} has a fixed datasource"
        if "irate(" in expression:
            yield f"{panel['title']} uses irate"
        if re.search(r'region\s*=~?\s*"(?!\$region")', expression):
            yield f"{panel['title']} has a fixed region"
        windows = set(re.findall(r"\[([^\]]+)\]", expression)) - {"$__rate_interval", "$__range"}
        windows.discard(".")  # a class of characters in a regular expression
        if windows and board["uid"] != FIXED_WINDOWS_OF:
            yield f"{panel['title']} has the fixed window {min(windows)}"
        if target["instant"] == (panel["type"] in ("timeseries", "state-timeline", "heatmap")):
            yield f"{panel['title']} has the wrong kind of query"


def maps(board: Dashboard) -> Iterator[str]:
    """Find maps that load tiles from the internet."""
    for panel in panels(board):
        if panel["type"] == "geomap" and panel["options"].get("basemap", {}).get("type", "default") in TILE_LAYERS:
            yield f"{panel['title']} loads a map from the internet"


def series_outside(board: Dashboard, known: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """Find queries that do not parse, or that use metrics or labels outside the catalogue."""
    for panel, target in targets(board):
        expression = target["expr"].replace("$__rate_interval", "1m").replace("$__range", "1h")
        try:
            yield from (f"{panel['title']}: {line}" for line in unknown_series(expression, known))
        except ValueError as error:
            yield f"{panel['title']}: {expression} does not parse: {error}"


def lost_keys(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """Yield the paths of `before` that `after` does not have: keys that Grafana would not know."""
    match before, after:
        case dict(), dict():
            for key, value in before.items():
                if key not in after:
                    yield f"{path}/{key}"
                else:
                    yield from lost_keys(value, after[key], f"{path}/{key}")
        case list(), list():
            for index, (one, two) in enumerate(zip(before, after, strict=True)):
                yield from lost_keys(one, two, f"{path}/{index}")
