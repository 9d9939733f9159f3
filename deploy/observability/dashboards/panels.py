"""Builds panels of each kind from a frame and queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as dashboard_builders
from grafana_foundation_sdk.builders import geomap, heatmap, prometheus, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models import heatmap as heatmap_models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from deploy.observability.dashboards.scales import PLAIN, Scale

DATASOURCE = common.DataSourceRef("prometheus", "${ds}")
PanelBuilder = Builder[dashboard.Panel]
P = TypeVar("P", geomap.Panel, heatmap.Panel, stat.Panel, statetimeline.Panel, table.Panel, timeseries.Panel)


class Query(NamedTuple):
    """A PromQL expression, and how its series are named."""

    expression: str
    legend: str = ""


class Link(NamedTuple):
    """A link from a value to the page that explains it."""

    title: str
    url: str


@dataclass(frozen=True)
class Frame:
    """What every panel has. The title is Indonesian; the English description says what to do."""

    title: str
    description: str
    width: int = 12
    height: int = 8
    unit: str = "short"
    scale: Scale = PLAIN
    decimals: int | None = None
    no_value: str = "-"
    links: tuple[Link, ...] = ()


def stat_panel(frame: Frame, *queries: Query) -> PanelBuilder:
    """Return a panel with one large number for each series, as of now."""
    panel = framed(stat.Panel(), frame, [instant(query) for query in queries])
    named = any(query.legend for query in queries)
    mode = common.BigValueTextMode.VALUE_AND_NAME if named else common.BigValueTextMode.VALUE
    reduced = common_builders.ReduceDataOptions().calcs(["lastNotNull"])
    color = common.BigValueColorMode.NONE if frame.scale is PLAIN else common.BigValueColorMode.BACKGROUND
    return panel.text_mode(mode).reduce_options(reduced).color_mode(color).graph_mode(common.BigValueGraphMode.NONE)


def line_panel(frame: Frame, *queries: Query, stacked: bool = False, from_zero: bool = True) -> PanelBuilder:
    """Return a panel with lines over time; the legend displays the last and the largest value."""
    panel = framed(timeseries.Panel(), frame, [_range(query) for query in queries])
    legend = common_builders.VizLegendOptions().display_mode(common.LegendDisplayMode.TABLE).show_legend(True)
    panel.legend(legend.placement(common.LegendPlacement.BOTTOM).calcs(["lastNotNull", "max"]))
    panel.tooltip(common_builders.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI))
    if stacked:
        panel.fill_opacity(40).stacking(common_builders.StackingConfig().mode(common.StackingMode.NORMAL))
    return panel.line_width(2).min(0) if from_zero else panel.line_width(2)


def timeline_panel(frame: Frame, *queries: Query) -> PanelBuilder:
    """Return a panel with one bar for each series, which changes its text and colour with the value."""
    panel = framed(statetimeline.Panel(), frame, [_range(query) for query in queries])
    panel.color_scheme(dashboard_builders.FieldColor().mode(dashboard.FieldColorModeId.THRESHOLDS))
    legend = common_builders.VizLegendOptions().display_mode(common.LegendDisplayMode.LIST).show_legend(True)
    panel.legend(legend.placement(common.LegendPlacement.BOTTOM).calcs([]))
    return panel.merge_values(True).show_value(common.VisibilityMode.AUTO).row_height(0.85)


def heatmap_panel(frame: Frame, query: Query) -> PanelBuilder:
    """Return a heat map of the buckets of a histogram."""
    target = _range(query).format(PromQueryFormat.HEATMAP)
    panel = framed(heatmap.Panel(), frame, [target]).calculate(False).show_legend()
    color = heatmap.HeatmapColorOptions().mode(heatmap_models.HeatmapColorMode.SCHEME).scheme("Oranges").steps(32)
    return panel.color(color).y_axis(heatmap.YAxisConfig().unit(frame.unit))


def map_panel(frame: Frame, size_field: str, query: Query) -> PanelBuilder:
    """Return a map with a marker for each region, which works in a closed network."""
    panel = framed(geomap.Panel(), frame, [instant(query, PromQueryFormat.TABLE)])
    numbers = [{"targetField": name, "destinationType": "number"} for name in ("latitude", "longitude")]
    panel.with_transformation(dashboard.DataTransformerConfig("convertFieldType", options={"conversions": numbers}))
    location = common_builders.FrameGeometrySource().mode(common.FrameGeometrySourceMode.COORDS)
    style = {
        "color": {"field": size_field, "fixed": "blue"},
        "opacity": 0.8,
        "size": {"field": size_field, "fixed": 8, "min": 8, "max": 24},
        "symbol": {"mode": "fixed", "fixed": "img/icons/marker/circle.svg"},
        "text": {"mode": "field", "field": "name", "fixed": ""},
        "textConfig": {"fontSize": 12, "offsetX": 0, "offsetY": -18, "textAlign": "center", "textBaseline": "middle"},
    }
    markers = common_builders.MapLayerOptions().type("markers").name("Wilayah").tooltip(True)
    markers.config({"showLegend": True, "style": style})
    markers.location(location.latitude("latitude").longitude("longitude"))
    panel.basemap(_base_layer()).layers([markers])
    return panel.view(geomap.MapViewConfig().id("fit").all_layers(False).layer("Wilayah").padding(20))


def _base_layer() -> common_builders.MapLayerOptions:
    """Return outlines of countries from a file of Grafana itself.

    All other base layers load tiles from the internet, also `xyz` without an address, and `default` unless the server
    configures it.
    """
    style = {"color": {"fixed": "#8e8e8e"}, "opacity": 0.2}
    config = {"src": "public/maps/countries.geojson", "rules": [], "style": style}
    return common_builders.MapLayerOptions().type("geojson").name("Garis pantai").config(config)


def framed(panel: P, frame: Frame, targets: Sequence[prometheus.Dataquery]) -> P:
    """Fill in what every panel has, and number the queries A, B, C."""
    panel.title(frame.title).description(frame.description).datasource(DATASOURCE)
    panel.span(frame.width).height(frame.height).unit(frame.unit).no_value(frame.no_value)
    panel.thresholds(frame.scale.thresholds()).mappings(frame.scale.mappings())
    for letter, target in zip("ABCDEFGH", targets, strict=False):
        panel.with_target(target.ref_id(letter))
    if frame.decimals is not None:
        panel.decimals(frame.decimals)
    if frame.links:
        panel.data_links([_data_link(link) for link in frame.links])
    return panel


def _data_link(link: Link) -> dashboard_builders.DashboardLink:
    return dashboard_builders.DashboardLink(link.title).url(link.url).placement("")


def _range(query: Query) -> prometheus.Dataquery:
    return _target(query).range()


def instant(query: Query, kind: PromQueryFormat = PromQueryFormat.TIME_SERIES) -> prometheus.Dataquery:
    """Return a target that is evaluated at the end of the time range only."""
    return _target(query).instant().format(kind)


def _target(query: Query) -> prometheus.Dataquery:
    target = prometheus.Dataquery().datasource(DATASOURCE).expr(query.expression)
    return target.legend_format(query.legend or "__auto")
