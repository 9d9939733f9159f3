"""Creates the topics of a deployment."""

from services.reporting.view.generations import current_generation
from services.reporting.worker import changelog
from shared.kafka import broker
from shared.kafka.connection import connection_of
from shared.settings import Settings


async def create_topics(settings: Settings, replication: int) -> None:
    """Create the topics of the regions, the topic of the current view generation, and the worker's changelog."""
    connection = connection_of(settings)
    await broker.create_topics(connection, settings.region_list(), settings.partitions, replication)
    generation = await current_generation(connection, settings.deployment)
    await changelog.create_changelog(
        connection, settings.deployment, settings.partitions, replication, generation.number
    )
