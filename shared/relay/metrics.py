"""Defines what a relay measures, by service and region."""

from prometheus_client import Gauge

LABELS = ("service", "region")
BACKLOG = Gauge("piket_relay_backlog_events", "Stored events that are not in Kafka yet", LABELS)
OLDEST = Gauge("piket_relay_oldest_unsent_seconds", "For how long there have been unsent events, wall time", LABELS)
CONNECTED = Gauge("piket_relay_connected", "1 while the relay of a source is connected to Kafka", LABELS)
