"""The dashboards: the files are those of the code, Grafana knows every key, and each planted violation is caught."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
from ruamel.yaml import YAML

from deploy.observability.dashboards.files import FOLDER, encode, json_files, write
from deploy.observability.dashboards.layout import DATASOURCE_UID, TAG
from deploy.observability.dashboards.panel_queries import EVERYTHING, panel_queries, replace_variables
from tests.contract.dashboard_rules import lost_keys, violations
from tests.support.metric_catalogue import catalogued_metrics, known_series, used_series

ROOT = Path(__file__).parents[2]
PROVISIONING = ROOT / "deploy/observability/grafana/provisioning"
FILES = sorted(FOLDER.glob("*.json"))
KNOWN = known_series()


def read(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded


BOARDS = {path.stem: read(path) for path in FILES}


@pytest.fixture(scope="module", autouse=True)
def plugins() -> None:
    # Without it the models do not look into the options and queries of a panel.
    register_default_plugins()


def test_the_files_are_those_of_the_code() -> None:
    files = {path.name: path.read_text() for path in FILES}
    assert files == json_files(), "run `python -m deploy.observability.dashboards`"


def test_writing_removes_the_file_of_a_dashboard_that_no_longer_exists(tmp_path: Path) -> None:
    (tmp_path / "piket-lama.json").write_text("{}")
    write(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(json_files())


def test_there_are_six_dashboards() -> None:
    assert [board["title"] for board in BOARDS.values()] == [
        *("Efisiensi", "Kab/Kota", "Layanan", "Pipeline", "Provinsi", "SLO"),
    ]


@pytest.mark.parametrize("name", BOARDS)
def test_grafana_knows_every_key(name: str) -> None:
    assert list(lost_keys(BOARDS[name], round_trip(BOARDS[name]))) == []


def round_trip(board: dict[str, Any]) -> Any:
    return json.loads(encode(Dashboard.from_json(deepcopy(board))))


UNKNOWN_KEYS = ("/colour", "/panels/1/colour", "/panels/1/options/colour", "/panels/1/targets/0/colour")


@pytest.mark.parametrize("path", UNKNOWN_KEYS)
def test_a_key_that_grafana_does_not_know_is_caught(path: str) -> None:
    board = deepcopy(BOARDS["piket-provinsi"])
    part: Any = board
    for key in path.split("/")[1:-1]:
        part = part[int(key) if isinstance(part, list) else key]
    part["colour"] = "green"
    assert list(lost_keys(board, round_trip(board))) == [path]


def test_the_dashboards_keep_the_rules() -> None:
    assert violations(list(BOARDS.values()), KNOWN) == []


def test_every_metric_of_piket_is_on_a_dashboard() -> None:
    displayed = {series.name for query in panel_queries() for series in used_series(query.expression)}
    metrics = [metric for metric in catalogued_metrics() if metric.name.startswith("piket_") and not metric.reserved]
    assert [metric.name for metric in metrics if displayed.isdisjoint(metric.series())] == []


def test_no_query_keeps_a_variable() -> None:
    assert [query for query in panel_queries() if "$" in query.expression] == []


def test_a_longer_variable_is_replaced_first() -> None:
    assert replace_variables('x{r=~"$region"}[$__range]', {**EVERYTHING, "reg": "?"}) == 'x{r=~".*"}[5m]'


Plant = Callable[[dict[str, Any]], object]
"""Spoils the dashboard Provinsi; its first panel is a number, the sixth the table of the weakest services."""


def panel(board: dict[str, Any], title: str) -> dict[str, Any]:
    return next(item for item in board["panels"] if item["title"] == title)


def first(board: dict[str, Any]) -> dict[str, Any]:
    return panel(board, "Layanan kurang petugas")


def lines(board: dict[str, Any]) -> dict[str, Any]:
    return panel(board, "Ketertinggalan tampilan")


def a_map(board: dict[str, Any]) -> dict[str, Any]:
    return panel(board, "Peta layanan kurang petugas")


def expression(text: str) -> Plant:
    return lambda board: first(board)["targets"][0].update(expr=text)


PLANTED: list[tuple[Plant, str]] = [
    (lambda board: board.update(uid="x"), "has no uid"),
    (lambda board: board.update(timezone="browser"), "is not in the time zone Asia/Jakarta"),
    (lambda board: board.update(editable=True), "can be edited"),
    (lambda board: first(board).update(id=1), "has panels without an id of their own"),
    (lambda board: first(board).pop("id"), "has panels without an id of their own"),
    (lambda board: lines(board)["gridPos"].update(x=13), "Ketertinggalan tampilan is outside the 24 columns"),
    (lambda board: lines(board)["gridPos"].update(y=0), "overlaps"),
    (
        lambda board: board["templating"]["list"].append({"name": "opd", "query": "$region"}),
        "nothing uses the variable",
    ),
    (lambda board: board["templating"]["list"].pop(), "$piket is no variable"),
    (lambda board: board["templating"]["list"][0].update(type="query"), "has no variable ds of a datasource"),
    (lambda board: board["links"][0].update(includeVars=False), "does not link to the other dashboards"),
    (lambda board: board["links"][0].update(tags=["x"]), "does not link to the other dashboards"),
    (lambda board: a_map(board)["fieldConfig"]["defaults"]["links"][0].update(url="/d/x?"), "a link to nowhere: /d/x?"),
    (lambda board: first(board).update(description="Counters."), "has no description in sentences"),
    (lambda board: first(board)["fieldConfig"]["defaults"].pop("unit"), "has no unit"),
    (lambda board: first(board)["fieldConfig"]["defaults"].pop("mappings"), "has colours without texts"),
    (lambda board: lines(board)["targets"][0].update(legendFormat="__auto"), "has lines without names"),
    (lambda board: lines(board)["options"]["legend"].update(showLegend=False), "has no legend"),
    (lambda board: lines(board)["targets"][0].update(instant=True), "has the wrong kind of query"),
    (lambda board: first(board)["datasource"].update(uid="x"), "has a fixed datasource"),
    (lambda board: a_map(board)["options"]["basemap"].update(type="carto"), "loads a map from the internet"),
    (expression("irate(piket_view_late_total[$__rate_interval])"), "uses irate"),
    (expression('piket_view_behind_seconds{region="3271"}'), "has a fixed region"),
    (expression("rate(piket_view_late_total[5m])"), "has the fixed window 5m"),
    (expression("piket_nip_total"), "piket_nip_total is not in the catalogue"),
    (expression('piket_view_behind_seconds{opd="DINKES"}'), "piket_view_behind_seconds has no label opd"),
    (expression("sum by (opd) (piket_view_behind_seconds)"), "no series has the label opd"),
    (expression("piket_view_behind_seconds * on (opd) piket_region_info"), "no series has the label opd"),
    (expression("piket_subscriber_lag_seconds"), "piket_subscriber_lag_seconds is not in the catalogue"),
    (expression("sum("), "does not parse"),
]


@pytest.mark.parametrize(("plant", "finding"), PLANTED)
def test_a_planted_violation_is_caught(plant: Plant, finding: str) -> None:
    board = deepcopy(BOARDS["piket-provinsi"])
    plant(board)
    # The links of the spoilt dashboard lead to the other ones; their panels are checked above.
    intact = [another | {"panels": []} for name, another in BOARDS.items() if name != "piket-provinsi"]
    findings = violations([board, *intact], KNOWN)
    assert any(line.startswith("Provinsi: ") and finding in line for line in findings), findings


def test_two_dashboards_with_one_uid_are_caught() -> None:
    board = BOARDS["piket-slo"]
    assert "uid piket-slo is used twice" in violations([board, board], KNOWN)


def test_a_choice_of_opd_of_all_regions_is_caught() -> None:
    board = deepcopy(BOARDS["piket-layanan"])
    opd = next(variable for variable in board["templating"]["list"] if variable["name"] == "opd")
    opd["query"] = "label_values(piket_office_open, opd)"
    assert "Layanan: the variable opd does not depend on the region" in violations([board], KNOWN)


def test_grafana_provisions_the_dashboards_and_nobody_edits_them() -> None:
    yaml = YAML(typ="safe")
    (source,) = yaml.load(PROVISIONING / "datasources/prometheus.yaml")["datasources"]
    (provider,) = yaml.load(PROVISIONING / "dashboards/piket.yaml")["providers"]
    assert (source["uid"], source["type"], source["editable"]) == (DATASOURCE_UID, "prometheus", False)
    assert (provider["type"], provider["allowUiUpdates"]) == ("file", False)


def test_all_dashboards_have_the_tag_by_which_they_link() -> None:
    assert {tuple(board["tags"]) for board in BOARDS.values()} == {(TAG,)}


def test_all_dashboards_begin_with_the_provisioned_datasource() -> None:
    assert {board["templating"]["list"][0]["current"]["value"] for board in BOARDS.values()} == {DATASOURCE_UID}
