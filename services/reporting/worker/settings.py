"""Reads the settings of a streaming worker, and resolves its view generation and its readable regions."""

import logging
from collections.abc import Sequence

from pydantic import Field

from services.reporting.domain.freshness import SOURCE_SERVICES
from services.reporting.process.exits import exit_superseded
from services.reporting.view.generations import current_generation, view_topic_error
from services.reporting.worker.changelog import app_id, changelog_topic
from shared.domain.envelope import topic
from shared.domain.facts.base import Day
from shared.kafka import broker
from shared.kafka.connection import connection_of
from shared.relay import log_tail
from shared.settings import Settings

log = logging.getLogger(__name__)


class WorkerSettings(Settings):
    """Settings that only a worker has. The environment variable of `hang_s` is PIKET_HANG_S."""

    session_timeout_s: float = Field(
        10.0,
        gt=0,
        le=1800,
        description="Seconds after which the consumer group gives the partitions of a silent worker to others.",
    )
    member: str = Field(
        "",
        description="Static member name, unique for each worker: one that restarts within the session timeout keeps"
        " its partitions.",
    )
    hang_s: float = Field(
        60.0, gt=0, le=86_400, description="Seconds without progress after which a worker with unread records ends."
    )
    generation: int = Field(
        0, ge=0, description="Generation of the view to maintain; 0: the one in force. `piket rebuild-view` sets it."
    )
    since: Day | None = Field(
        None, description="First date of the rows of that generation. `piket rebuild-view` sets it."
    )
    staged: bool = Field(
        default=False, description="Whether rows go to a topic beside the one that readers follow; set by the worker."
    )

    def app_id(self) -> str:
        """Return the name of the Faust app and consumer group of this generation."""
        return app_id(self.deployment, self.generation)

    def changelog(self) -> str:
        """Return the name of this generation's changelog topic."""
        return changelog_topic(self.deployment, self.generation)


async def resolve_generation(settings: WorkerSettings) -> WorkerSettings:
    """Return the settings with the generation in force, or unchanged and `staged` if they name a later generation.

    End the process if they name an earlier one: a rebuild that another rebuild has superseded must stop.
    """
    current = await current_generation(connection_of(settings), settings.deployment)
    if 0 < settings.generation < current.number:  # 0, the default, means the one in force
        exit_superseded(settings.generation, current.number)
    if settings.generation > current.number:
        return settings.model_copy(update={"staged": True})
    return settings.model_copy(update={"generation": current.number, "since": current.since, "staged": False})


async def readable_regions(settings: WorkerSettings) -> Sequence[str]:
    """Return the regions whose topics all exist, none if the changelog is missing. Log everything that is missing.

    Raise `AccessRefused` if the user of the worker lacks the right to read them, or to join its group: Faust would
    wait endlessly.
    """
    connection = connection_of(settings)
    sizes = await broker.topic_sizes(connection)
    required = {settings.changelog(): settings.partitions}
    if error := view_topic_error(sizes, settings.deployment) or broker.mismatched_topics(sizes, required):
        log.error("%s", error)
        return ()
    regions = [region for region in settings.region_list() if _has_topics(region, sizes, settings.partitions)]
    sources = [topic(region, service) for region in regions for service in SOURCE_SERVICES]
    await broker.committed_offsets(connection, settings.app_id())
    await log_tail.check_readable(connection, [settings.changelog(), *sources])
    return regions


def _has_topics(region: str, sizes: dict[str, int], partitions: int) -> bool:
    error = broker.missing_topics(sizes, [region], partitions)
    if error:
        log.error("Region %s is not read: %s", region, error)
    return error is None
