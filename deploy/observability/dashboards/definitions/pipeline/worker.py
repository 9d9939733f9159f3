"""Defines the row about the streaming worker."""

from collections.abc import Sequence

from deploy.observability.dashboards.expressions import (
    growth,
    mean,
    or_zero,
    quantile_since_start,
    rate,
)
from deploy.observability.dashboards.layout import Row
from deploy.observability.dashboards.panels import (
    Frame,
    PanelBuilder,
    Query,
    line_panel,
    stat_panel,
)


def rows() -> Sequence[Row]:
    """Return the row."""
    lag = [_worker_lag("seconds"), _worker_lag("records")]
    return [Row("Pekerja: dari Kafka ke tampilan", [*lag, _batches(), _commits(), _rebalances(), _recovered()])]


def _worker_lag(kind: str) -> PanelBuilder:
    metric, title, unit, text = {
        "seconds": (
            "piket_worker_lag_seconds",
            "Ketertinggalan pekerja (detik)",
            "s",
            "Age of the oldest unread record of each topic. It grows while taps arrive: the worker is slow or stopped.",
        ),
        "records": (
            "piket_worker_lag",
            "Ketertinggalan pekerja (rekaman)",
            "suffix: rekaman",
            "Unread records of each topic. Many records and few seconds is a burst; both growing is a stopped worker.",
        ),
    }[kind]
    operation = "max" if kind == "seconds" else "sum"
    expression = f"{operation} by (topic) (max by (topic, partition) ({metric}))"
    return line_panel(Frame(title, text, 12, 8, unit), Query(expression, "{{topic}}"))


def _batches() -> PanelBuilder:
    text = (
        "Records per batch and batches per second. Large batches are good under load; no batch at all while events are "
        "sent means that the worker reads nothing: restart it."
    )
    # The aggregations have no labels: one line for all workers.
    size = Query(mean("piket_worker_batch_records", ""), "rekaman per kelompok")
    count = Query(rate("piket_worker_batch_records_count", ""), "kelompok per detik")
    return line_panel(Frame("Kelompok baca", text, 8, 8), size, count)


def _commits() -> PanelBuilder:
    text = "Seconds since the last commit of a worker. Over 60 s: the worker hangs; it should end and be restarted."
    frame = Frame("Sejak komit terakhir", text, 8, 8, "s")
    return line_panel(frame, Query("max by (instance) (piket_worker_since_commit_seconds)", "{{instance}}"))


def _rebalances() -> PanelBuilder:
    text = (
        "Rebalances in the time range, and the seconds that 95 % of them took since the workers started (0: none). "
        "Many in an hour: workers die or time out; read their logs."
    )
    count = Query(or_zero(growth("piket_worker_rebalance_seconds_count", "")), "banyaknya")
    seconds = Query(quantile_since_start(0.95, "piket_worker_rebalance_seconds"), "p95 detik")
    return stat_panel(Frame("Pembagian ulang partisi", text, 8, 8, decimals=1), count, seconds)


def _recovered() -> PanelBuilder:
    text = (
        "Seconds of the last recovery of each worker from the changelog, and facts read back per second. A recovery of "
        "minutes: close old days, or add workers."
    )
    seconds = Query("max by (instance) (piket_worker_recovery_seconds)", "detik {{instance}}")
    rows = Query(rate("piket_worker_recovered_rows_total", ""), "fakta per detik")
    return line_panel(Frame("Pemulihan pekerja", text, 24, 7), seconds, rows)
