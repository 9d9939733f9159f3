"""Runs Prometheus, Alertmanager and a receiver with the rules of production, faster than in production."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.prometheus import OBSERVABILITY, Alertmanager, Prometheus, read_yaml
from deploy.observability.receivers import with_webhook
from deploy.observability.rules.office_clock import shorten_office_durations
from deploy.observability.rules.rule_files import read_rules, rules_text
from tests.support.quick_rules import quick_routes, quick_rules
from tests.support.waiting import block_until
from tests.support.webhook_receiver import WebhookReceiver, webhook_receiver

OFFICE_SPEED = 300
PATIENCE_S = 90
"""Guards against hanging: the end of a call needs the start of a process, `keep_firing_for` and a notification."""


@dataclass
class Alerting:
    """The path of an alert: rules, grouping and inhibition, and who is called."""

    prometheus: Prometheus
    alertmanager: Alertmanager
    receiver: WebhookReceiver

    def targets_answer(self) -> bool:
        """Return whether there are targets, and the last scrape of each succeeded."""
        health = [target["health"] for target in self.prometheus.get("/api/v1/targets")["data"]["activeTargets"]]
        return bool(health) and set(health) == {"up"}

    def active(self) -> dict[str, set[str]]:
        """Return the states (`active`, `suppressed`) of each alert that Alertmanager has, without the Watchdog."""
        states: dict[str, set[str]] = {}
        for alert in self.alertmanager.get("/api/v2/alerts"):
            if alert["labels"]["alertname"] != "Watchdog":
                states.setdefault(alert["labels"]["alertname"], set()).add(alert["status"]["state"])
        return states

    def wait_for_call(self, alert: str, status: str = "firing", seconds: float = PATIENCE_S) -> None:
        """Wait until the receiver is notified of an alert. Fail with all that is known of alerts."""
        block_until(lambda: self.receiver.of(alert, status), seconds, lambda: f"{alert} is {status}: {self.describe()}")

    def wait_until_quiet(self, seconds: float = PATIENCE_S) -> None:
        """Wait until no alert fires and the end of each call was sent, then forget the calls."""
        block_until(self.is_quiet, seconds, lambda: f"quiet: {self.describe()}")
        self.receiver.forget_calls()

    def is_quiet(self) -> bool:
        """Return whether all targets answer, no alert fires or will fire, and the end of each call was sent."""
        # Prometheus reads its list of targets up to five seconds after its start; until then MetricsAbsent fires.
        return self.targets_answer() and not (self.pending() or self.active() or self.receiver.without_end())

    def pending(self) -> list[str]:
        """Return the alerts that wait for the end of their `for`, or fire, in Prometheus; without the Watchdog."""
        alerts = self.prometheus.get("/api/v1/alerts")["data"]["alerts"]
        return [a["labels"]["alertname"] for a in alerts if a["labels"]["alertname"] != "Watchdog"]

    def describe(self) -> str:
        """Return what is known of alerts, for the message of a failed test."""
        return f"Alertmanager {self.active()}, Prometheus {self.pending()}, notified {self.receiver.notifications}"


@contextmanager
def alerting(folder: Path, targets: Path, faster: float, interval: str) -> Iterator[Alerting]:
    """Run the path of an alert over the targets of a file inside the block.

    Alerts fire and are sent `faster` times as fast. A scrape takes at most the `interval`.
    """
    folder.mkdir(exist_ok=True)
    rules = folder / "test.rules.yaml"
    rules.write_text(rules_text(quick_rules(shorten_office_durations(read_rules(), OFFICE_SPEED), faster)))
    with webhook_receiver() as receiver:
        routes: dict[str, Any] = quick_routes(
            with_webhook(read_yaml(OBSERVABILITY / "alertmanager.yaml"), receiver.url), faster
        )
        with (
            Alertmanager(folder, routes) as alertmanager,
            Prometheus(folder, targets, [rules], alertmanager=alertmanager.port, interval=interval) as prometheus,
        ):
            yield Alerting(prometheus, alertmanager, receiver)
