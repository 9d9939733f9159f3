"""Serves figures of an invented province as a process of Piket serves them, for tests of rules and alerts."""

from contextlib import ExitStack

from prometheus_client import CollectorRegistry, Gauge, start_http_server

from deploy.local.server_process import free_ports
from deploy.observability.catalogue import catalogue

REGION = {"region": "32"}
COUNTERS = [("BKD", "FRONT"), ("BKD", "ARSIP"), ("DPMPTSP", "FRONT")]


class SeededExporter:
    """Figures of a healthy province at nine o'clock, which a test changes with `show`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._gauges: dict[str, Gauge] = {}
        self.show_healthy()

    def show_healthy(self) -> None:
        """Show that nothing waits and every counter is staffed."""
        self.show("piket_view_behind_seconds", 1)
        self.show("piket_relay_connected", 1, service="attendance")
        self.show("piket_relay_oldest_unsent_seconds", 0, service="attendance")
        self.show("piket_worker_lag_seconds", 0, topic="piket.32.attendance.v1", partition="0")
        for opd, service in COUNTERS:
            self.show("piket_office_open", 1, opd=opd)
            self.show("piket_service_required_staff", 2, opd=opd, service=service)
            self.show("piket_service_present_staff", 2, opd=opd, service=service)

    def show(self, name: str, value: float, **labels: str) -> None:
        """Set the value of a series; its region is West Java if the metric has one."""
        metric = catalogue().exposed[name]
        if name not in self._gauges:
            self._gauges[name] = Gauge(name, metric.help.en, metric.labels, registry=self.registry)
        given = {**REGION, **labels}
        self._gauges[name].labels(**{label: given[label] for label in metric.labels}).set(value)

    def show_staff_present(self, heads: int) -> None:
        """Set the staff present at every counter."""
        for opd, service in COUNTERS:
            self.show("piket_service_present_staff", heads, opd=opd, service=service)


class SeededProcess:
    """A process of the province that answers scrapes with its figures until it is stopped, and again after a start."""

    def __init__(self, exporter: SeededExporter) -> None:
        self.port = free_ports(1)[0]
        self._registry = exporter.registry
        self._running = ExitStack()
        self.answers = False

    @property
    def address(self) -> str:
        """Return `host:port` of its metrics."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Answer scrapes, if it does not yet."""
        if self.answers:
            return
        server, thread = start_http_server(self.port, addr="127.0.0.1", registry=self._registry)
        self._running.callback(thread.join)
        self._running.callback(server.server_close)
        self._running.callback(server.shutdown)
        self.answers = True

    def stop(self) -> None:
        """Refuse connections."""
        self._running.close()
        self.answers = False
