"""Derives the status of each process from what it exports, with what an operator should do. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from services.reporting.domain.operations.health import (
    LATE_AFTER_S,
    Health,
    MetricValue,
    ScrapedProcess,
    worst,
)
from shared.domain.messages import Message, Text, join

SILENT: Mapping[str, Message] = {
    "app": Message("Selama ia mati presensi tidak diterima. Jalankan lagi piket serve."),
    "relay": Message("Peristiwa tetap tersimpan dan dikirim kemudian. Jalankan lagi piket relay."),
    "worker": Message("Fakta tetap ada di Kafka dan dibaca kemudian. Jalankan lagi piket worker."),
}
SILENT_PROCESS = Message("Periksa apakah prosesnya berjalan, dan apa yang dicatatnya.")
NOT_CONNECTED = Message(
    "Tidak terhubung ke Kafka: {count} dari {all} sumber ({sources}). Peristiwa tetap tersimpan. Periksa Kafka, lalu "
    "log relay."
)
SOURCE = Message("wilayah {region} {service}")
FURTHER_SOURCES = Message("dan {count} lainnya")
MAX_NAMED_SOURCES = 3
VIEW_LATE = Message(
    "Wilayah {region}: tampilan tertinggal {seconds} detik, sehingga papan menunjukkan «tidak diketahui». Periksa "
    "Kafka, relay, dan worker."
)
STREAMS_HELD = Message("{consumer}: {count} aliran menunggu peristiwa yang hilang. Periksa layanan pemiliknya.")
RECORDS_UNREAD = Message("{consumer}: {count} rekaman belum dibaca. Periksa log layanan itu.")
MAX_UNREAD_RECORDS = 1_000


class Notice(NamedTuple):
    """What is wrong with a process, and what to do."""

    health: Health
    text: Text


class ProcessStatus(NamedTuple):
    """One process: whether it works, its versions, and what was found."""

    process: str
    address: str
    health: Health
    versions: Sequence[str]
    silent_since: datetime | None
    findings: Sequence[Notice]


def process_status(scraped: ScrapedProcess) -> ProcessStatus:
    """Return the status of a process. One that does not answer is a fault, whatever it exported before."""
    process, address, values, since = scraped
    if values is None:
        silent = Notice(Health.FAULT, SILENT.get(process, SILENT_PROCESS))
        return ProcessStatus(process, address, Health.FAULT, (), since, (silent,))
    findings = (*_connection_findings(values), *_findings(values))
    versions = tuple(sorted({v.labels["version"] for v in values if v.name == "piket_build_info"}))
    return ProcessStatus(process, address, worst(f.health for f in findings), versions, None, findings)


def _connection_findings(values: Sequence[MetricValue]) -> Iterator[Notice]:
    """Return one finding for all sources without Kafka: a relay of the province has more than a hundred."""
    sources = [value for value in values if value.name == "piket_relay_connected"]
    unconnected = [source.labels for source in sources if not source.value]
    if not unconnected:
        return
    named = [SOURCE.fill(region=of["region"], service=of["service"]) for of in unconnected[:MAX_NAMED_SOURCES]]
    if further := len(unconnected) - len(named):
        named.append(FURTHER_SOURCES.fill(count=further))
    text = NOT_CONNECTED.fill(count=len(unconnected), all=len(sources), sources=join(named))
    yield Notice(Health.FAULT, text)


def _findings(values: Sequence[MetricValue]) -> Iterator[Notice]:
    for value in values:
        labels = value.labels
        match value.name:
            case "piket_view_behind_seconds" if value.value > LATE_AFTER_S:  # late, not stopped: the process answers
                yield Notice(Health.LATE, VIEW_LATE.fill(region=labels["region"], seconds=round(value.value)))
            case "piket_projection_held_streams" if value.value:
                yield Notice(Health.LATE, STREAMS_HELD.fill(consumer=labels["consumer"], count=round(value.value)))
            case "piket_projection_lag_records" if value.value > MAX_UNREAD_RECORDS:
                yield Notice(Health.LATE, RECORDS_UNREAD.fill(consumer=labels["consumer"], count=round(value.value)))
