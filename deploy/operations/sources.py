"""Opens and republishes the event sources of a deployment. A relay imports it, so it imports little."""

from shared.event_store.committed_events import CommittedEvents
from shared.event_store.database import Database
from shared.relay.checkpoints.choice import open_checkpoints
from shared.settings import Settings

SERVICES_WITH_STORE = ("policy", "roster", "attendance", "reporting")


def committed_events(settings: Settings, service: str) -> CommittedEvents:
    """Return the committed events of a service."""
    return CommittedEvents(Database(settings.store_url(service)), service=service, now=settings.domain_clock())


async def republish(settings: Settings, service: str, region: str) -> None:
    """Reset the checkpoint of a source, so that it is sent from the start.

    Raise SystemExit if a relay runs: it would not notice.
    """
    async with open_checkpoints(settings, service) as checkpoints_of:
        checkpoints = checkpoints_of(region)
        if not await checkpoints.reset():
            raise SystemExit(
                f"A relay holds the lease {checkpoints.lease_name}. Nothing was reset. Stop the relay, then run this"
                " again, then start the relay."
            )
