"""Receives the notifications of a real Alertmanager over HTTP, as the system that calls the people on watch does."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from deploy.local.server_process import free_ports

WATCH, WATCHDOG = "/watch", "/watchdog"


@dataclass(frozen=True)
class Notification:
    """One notification: where it was sent, whether all its alerts are resolved, and the labels of its alerts."""

    path: str
    status: str
    group: dict[str, str]
    firing: Sequence[dict[str, str]]
    resolved: Sequence[dict[str, str]]

    @property
    def alert(self) -> str:
        """Return the name of the alert, which all alerts of a group share."""
        return self.group["alertname"]


@dataclass
class WebhookReceiver:
    """The notifications received so far, in the order of their arrival."""

    url: str
    notifications: list[Notification] = field(default_factory=list)

    def of(self, alert: str, status: str) -> list[Notification]:
        """Return the notifications of an alert with this status, `firing` or `resolved`."""
        return [n for n in self.notifications if (n.alert, n.status) == (alert, status)]

    def without_end(self) -> set[str]:
        """Return the alerts that somebody was called for, and whose end was not sent yet."""
        last = {n.alert: n.status for n in self.notifications if n.path == WATCH}
        return {alert for alert, status in last.items() if status == "firing"}

    def forget_calls(self) -> None:
        """Forget all notifications but those of the alert that always fires, which come only every few minutes."""
        self.notifications[:] = [n for n in self.notifications if n.path == WATCHDOG]

    def alerts(self) -> set[str]:
        """Return the names of the alerts that somebody was called for: all but the one that always fires."""
        return {n.alert for n in self.notifications if n.path == WATCH}


@contextmanager
def webhook_receiver() -> Iterator[WebhookReceiver]:
    """Receive notifications inside the block."""
    port = free_ports(1)[0]
    receiver = WebhookReceiver(f"http://127.0.0.1:{port}")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            receiver.notifications.append(_notification(self.path, body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        serving = Thread(target=server.serve_forever)
        serving.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            serving.join()


def _notification(path: str, body: dict[str, Any]) -> Notification:
    labels = {
        status: [alert["labels"] for alert in body["alerts"] if alert["status"] == status]
        for status in ("firing", "resolved")
    }
    return Notification(path, body["status"], body["groupLabels"], labels["firing"], labels["resolved"])
