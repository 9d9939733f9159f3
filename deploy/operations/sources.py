"""Opens and republishes the event sources of a deployment. A relay imports it, so it imports little."""

from pathlib import Path

from shared.event_store.committed_events import CommittedEvents
from shared.event_store.database import Database
from shared.relay import checkpoint
from shared.settings import Settings

SERVICES_WITH_STORE = ("policy", "roster", "attendance", "reporting")


def committed_events(settings: Settings, service: str) -> CommittedEvents:
    """Return the committed events of a service."""
    return CommittedEvents(Database(settings.store_url(service)), service=service, now=settings.domain_clock())


def checkpoint_file(settings: Settings, service: str, region: str) -> Path:
    """Return the file in which a relay stores its checkpoint."""
    return settings.folder / "relay" / f"{service}-{region}.json"


def republish(settings: Settings, service: str, region: str) -> None:
    """Reset the checkpoint of a source, so that it is sent from the start. Restart a running relay afterwards."""
    checkpoint.reset(checkpoint_file(settings, service, region))
