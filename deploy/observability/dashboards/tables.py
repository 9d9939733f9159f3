"""Builds tables: the instant values of several queries, one row for each set of labels."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from grafana_foundation_sdk.builders import table
from grafana_foundation_sdk.models import dashboard
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from deploy.observability.dashboards.panels import Frame, Link, PanelBuilder, Query, framed, instant
from deploy.observability.dashboards.scales import PLAIN, Scale


class TableColumn(NamedTuple):
    """A column: a label, or the value of a query (`Value #A`)."""

    field: str
    title: str
    unit: str = "short"
    scale: Scale = PLAIN
    links: tuple[Link, ...] = ()


class Order(NamedTuple):
    """By which field the rows are sorted; it may be a field that is not displayed."""

    field: str
    descending: bool = False


def table_panel(frame: Frame, columns: Sequence[TableColumn], order: Order, *queries: Query) -> PanelBuilder:
    """Return a table with the columns in this order."""
    panel = framed(table.Panel(), frame, [instant(query, PromQueryFormat.TABLE) for query in queries])
    for transformation in _transformations(columns, order, len(queries)):
        panel.with_transformation(transformation)
    for column in columns:
        panel.override_by_name(column.title, _properties(column))
    return panel.show_header(True)


def _transformations(
    columns: Sequence[TableColumn], order: Order, queries: int
) -> list[dashboard.DataTransformerConfig]:
    """Return what joins the queries by their labels, sorts the rows, and leaves only the columns."""
    # With one query Grafana names its value `Value`.
    names = {column.field if queries > 1 else column.field.removesuffix(" #A"): column.title for column in columns}
    by = order.field if queries > 1 else order.field.removesuffix(" #A")
    steps: Mapping[str, object] = {
        "merge": {},
        "sortBy": {"fields": {}, "sort": [{"field": by, "desc": order.descending}]},
        "filterFieldsByName": {"include": {"names": list(names)}},
        "organize": {"renameByName": names, "indexByName": {name: index for index, name in enumerate(names)}},
    }
    return [dashboard.DataTransformerConfig(name, options=options) for name, options in steps.items()]


def _properties(column: TableColumn) -> list[dashboard.DynamicConfigValue]:
    """Return the unit, the texts, the colours and the links of a column."""
    properties: dict[str, object] = {"unit": column.unit}
    if column.scale is not PLAIN:
        properties["mappings"] = column.scale.mappings()
        properties["thresholds"] = column.scale.thresholds().build()
        properties["custom.cellOptions"] = {"type": "color-background", "mode": "basic"}
    if column.links:
        properties["links"] = [{"title": link.title, "url": link.url} for link in column.links]
    return [dashboard.DynamicConfigValue(name, value) for name, value in properties.items()]
