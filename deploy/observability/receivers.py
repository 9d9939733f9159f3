"""Gives the receivers of Alertmanager the address to which a deployment sends its notifications."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit


def with_webhook(configuration: Mapping[str, Any], address: str) -> dict[str, Any]:
    """Return a configuration whose webhooks keep their path below `address`; without an address, nobody is notified.

    Alerts without a receiver are still shown by Alertmanager, grouped and inhibited.
    """
    receivers = [_receiver(receiver, address) for receiver in configuration["receivers"]]
    return {**configuration, "receivers": receivers}


def _receiver(receiver: Mapping[str, Any], address: str) -> dict[str, Any]:
    webhooks = receiver.get("webhook_configs", []) if address else []
    moved = [{**webhook, "url": f"{address}{urlsplit(webhook['url']).path}"} for webhook in webhooks]
    return {"name": receiver["name"], **({"webhook_configs": moved} if moved else {})}
