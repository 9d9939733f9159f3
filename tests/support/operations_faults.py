"""Provides everything that an operator may have to see: letters, silent processes, an alert and an outage."""

from typing import Any

from tests.support.dead_letter_site import HEALTHY, LETTERS, TOPIC, DeadLetterSite, InMemoryRecord
from tests.support.example_facts import at

WRONG_KEY = "/piket/32/attendance with the key 32/DPMPTSP does not belong on this topic"
OUTAGE: dict[str, Any] = {
    "outage": "GANGGUAN-PAGI",
    "channel": "APP",
    "from": "2025-11-06T07:00:00+07:00",
    "to": "2025-11-06T07:40:00+07:00",
    "grace_until": "2025-11-06T10:00:00+07:00",
    "by": "KEPALA_BKD",
    "opds": ["BKD", "DINKES"],
}
ALERT: dict[str, Any] = {
    "labels": {"alertname": "WorkerBehind", "severity": "page", "region": "32"},
    "annotations": {
        "summary": "Wilayah 32: worker tertinggal lebih dari satu menit",
        "summary_en": "Region 32: a worker is more than a minute behind",
    },
    "startsAt": "2025-11-06T07:52:00+07:00",
}


async def with_every_fault(site: DeadLetterSite) -> None:
    """Let the site have letters of all kinds, a silent worker, a source without Kafka, an alert and an outage."""
    await _with_decided_letter(site)
    site.records.put_aside(site.stored[0], WRONG_KEY, at("07:41"))
    site.records.put_aside(b"\xff\x00 no json", "event: Invalid JSON: expected value at line 1 column 1", at("07:43"))
    site.records.put_aside(b"{}", "unknown event type 'id.piket.policy.moon-landed.v1'", at("07:44"))
    relay, healthy = HEALTHY["relay:2/metrics"], '{service="attendance",region="32"} 1'
    site.servers.metrics |= {
        "worker:3/metrics": None,
        "relay:2/metrics": relay.replace(healthy, healthy.replace("} 1", "} 0")),
        "app:1/metrics/32": 'piket_view_behind_seconds{region="32"} 74\n',
    }
    site.servers.alerts, site.servers.outages = [ALERT], [OUTAGE]


async def _with_decided_letter(site: DeadLetterSite, offset: int = 393_939) -> None:
    """Discard a letter whose position is as long as that of a topic with many records."""
    site.records.write_letter(InMemoryRecord(offset, b"{"), "event: Invalid JSON: EOF while parsing", at("07:40"))
    answer = await site.post(f"{LETTERS}/{TOPIC}/1/{offset}/discard", {"reason": "TEST_RECORD"})
    answer.raise_for_status()
