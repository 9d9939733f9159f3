"""Measures a relay, by service and region."""

from time import monotonic

from prometheus_client import Gauge

LABELS = ("service", "region")
BACKLOG = Gauge("piket_relay_backlog_events", "Stored events that are not in Kafka yet", LABELS)
OLDEST = Gauge("piket_relay_oldest_unsent_seconds", "For how long there have been unsent events, wall time", LABELS)
CONNECTED = Gauge("piket_relay_connected", "1 while the relay of a source is connected to Kafka", LABELS)


class SourceMeter:
    """What is measured of one source: its backlog, and whether its relay may send and is connected."""

    def __init__(self, service: str, region: str) -> None:
        self.has_lease = self.is_connected = False
        self._behind_since: float | None = None
        self._backlog, self._connected = BACKLOG.labels(service, region), CONNECTED.labels(service, region)
        unsent = OLDEST.labels(service, region)
        unsent.set_function(lambda: monotonic() - self._behind_since if self._behind_since else 0)

    def set_backlog(self, backlog: int) -> None:
        """Record how many events are not in Kafka yet."""
        self._backlog.set(backlog)
        self._behind_since = (self._behind_since or monotonic()) if backlog > 0 else None

    def set_connected(self, *, connected: bool) -> None:
        """Record whether the relay is connected to Kafka."""
        self.is_connected = connected
        self._connected.set(connected)
