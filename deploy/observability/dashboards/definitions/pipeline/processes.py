"""Defines the rows about projections, stores, HTTP, plans and processes."""

from collections.abc import Sequence

from deploy.observability.dashboards import scales
from deploy.observability.dashboards.expressions import REGION, largest, or_zero, quantile, quantile_since_start, rate
from deploy.observability.dashboards.layout import Row
from deploy.observability.dashboards.panels import Frame, PanelBuilder, Query, line_panel, stat_panel
from deploy.observability.dashboards.tables import Order, TableColumn, table_panel

PROCESS = "{{process}} {{instance}}"


def rows() -> Sequence[Row]:
    """Return the rows."""
    return [
        Row("Proyeksi", [_projection_lag(), _held_streams()]),
        Row("Penyimpanan dan HTTP", [_commits(), _requests(), _request_seconds()]),
        Row("Identitas", [_issuer_keys(), _sign_ins()]),
        Row("Jadwal", [_plan_seconds(), _shortage()]),
        Row("Proses", [_down(), _versions(), _cpu(), _memory(), _open_files()]),
    ]


def _projection_lag() -> PanelBuilder:
    text = "Records of each topic that a projection has not read. If it grows, its service is slow or stopped."
    frame = Frame("Ketertinggalan proyeksi", text, 16, 7, "suffix: rekaman")
    lag = largest("piket_projection_lag_records", "consumer, topic", "")
    return line_panel(frame, Query(lag, "{{consumer}} {{topic}}"))


def _held_streams() -> PanelBuilder:
    text = (
        "Streams that wait for an event that is missing. More than 0 for minutes: the owner's feed is unreachable; run "
        "`piket doctor`."
    )
    frame = Frame("Aliran yang tertahan", text, 8, 7, "suffix: aliran", scales.none_is_good())
    held = f"sum({largest('piket_projection_held_streams', 'consumer', '')})"
    return stat_panel(frame, Query(or_zero(held)))


def _commits() -> PanelBuilder:
    text = "The 95th percentile of one transaction of each event store. Over 0.1 s: look at the disk or PostgreSQL."
    frame = Frame("Lama satu komit (p95)", text, 8, 8, "s")
    return line_panel(frame, Query(quantile(0.95, "piket_store_commit_seconds", "service"), "{{service}}"))


def _requests() -> PanelBuilder:
    text = (
        "HTTP requests per second by service and outcome. refused is a mistake of the caller; failed is ours: read the "
        "log of that service."
    )
    frame = Frame("Permintaan HTTP", text, 8, 8, "reqps")
    legend = "{{service}} {{operation}} {{outcome}}"
    return line_panel(frame, Query(rate("piket_http_requests_total", "service, operation, outcome"), legend))


def _request_seconds() -> PanelBuilder:
    text = "The 95th percentile until an answer begins. Slow writes: see the commits; slow reads: see the load."
    frame = Frame("Lama permintaan HTTP (p95)", text, 8, 8, "s")
    seconds = quantile(0.95, "piket_http_request_seconds", "service, operation")
    return line_panel(frame, Query(seconds, "{{service}} {{operation}}"))


def _issuer_keys() -> PanelBuilder:
    text = (
        "Whether a process can read the key set of the token issuer (1). If not (0): known keys stay in use, and the "
        "part `keys` of its /readyz says why."
    )
    readable = "min by (process) (piket_issuer_keys_readable)"
    return line_panel(Frame("Kunci penerbit token terbaca", text, 12, 7), Query(readable, "{{process}}"))


def _sign_ins() -> PanelBuilder:
    text = (
        "Attempts to sign in on pages, per second, by how they ended. Another outcome than signed_in that grows: the "
        "log of reporting says why (`Sign-in failed`)."
    )
    frame = Frame("Upaya masuk lewat penerbit", text, 12, 7, "reqps")
    return line_panel(frame, Query(rate("piket_sign_ins_total", "outcome"), "{{outcome}}"))


def _plan_seconds() -> PanelBuilder:
    text = (
        "Seconds that half and 95 % of the plans took since the service started (0: none). Tens of seconds: an OPD is "
        "unusually large; ask whether its posts are right."
    )
    shares = ((0.5, "p50"), (0.95, "p95"))
    queries = [Query(quantile_since_start(share, "piket_plan_seconds"), label) for share, label in shares]
    return stat_panel(Frame("Lama menghitung jadwal", text, 12, 7, "s"), *queries)


def _shortage() -> PanelBuilder:
    text = (
        "Heads missing from minimums in the last plan of each OPD, by region. More than 0: the rules ask for more "
        "people than are available; tell the OPD before the day."
    )
    frame = Frame("Kekurangan petugas dalam jadwal", text, 12, 7, "suffix: orang")
    return line_panel(frame, Query(largest("piket_plan_shortage_slots", "region", REGION), "{{region}}"))


def _down() -> PanelBuilder:
    text = "Processes of Piket whose metrics Prometheus cannot read. More than 0: see which in the table; restart it."
    frame = Frame("Proses yang tidak menjawab", text, 6, 8, "suffix: proses", scales.none_is_good())
    return stat_panel(frame, Query(or_zero('count(up{job="piket"} == 0)')))


def _versions() -> PanelBuilder:
    text = "Each process, whether it answers, and its version. Two versions outside an upgrade: finish the upgrade."
    answers = scales.Scale(
        steps=((None, scales.RED), (1.0, scales.GREEN)),
        ranges=(
            scales.RangeText(0, 0, "✖ TIDAK MENJAWAB", scales.RED),
            scales.RangeText(1, 1, "✔ MENJAWAB", scales.GREEN),
        ),
    )
    columns = [
        TableColumn("process", "Proses"),
        TableColumn("instance", "Alamat"),
        TableColumn("Value #A", "Keadaan", scale=answers),
        TableColumn("service", "Layanan"),
        TableColumn("version", "Versi"),
    ]
    queries = [
        Query('min by (process, instance) (up{job="piket"})'),
        Query("max by (process, instance, service, version) (piket_build_info)"),
    ]
    return table_panel(Frame("Proses dan versi", text, 18, 8), columns, Order("Value #A"), *queries)


def _cpu() -> PanelBuilder:
    text = "CPU of each process, in cores. A worker that stays near 1 needs a second one (`piket worker --workers`)."
    used = rate("process_cpu_seconds_total", "process, instance", 'job="piket"')
    return line_panel(Frame("CPU proses", text, 8, 7, "suffix: inti"), Query(used, PROCESS))


def _memory() -> PanelBuilder:
    text = "Memory of each process. If it grows for days at the same load, report it; restart the process meanwhile."
    used = largest("process_resident_memory_bytes", "process, instance", 'job="piket"')
    return line_panel(Frame("Memori proses", text, 8, 7, "bytes"), Query(used, PROCESS))


def _open_files() -> PanelBuilder:
    text = "Open files and connections of each process as a share of its limit. Near 1: raise the limit (`ulimit -n`)."
    files, limit = (largest(f"process_{of}_fds", "process, instance", 'job="piket"') for of in ("open", "max"))
    return line_panel(
        Frame("Berkas terbuka dari batasnya", text, 8, 7, "percentunit"), Query(f"{files} / {limit}", PROCESS)
    )
