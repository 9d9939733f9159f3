"""What a streaming worker is told, and what of it can be read."""

import logging
from collections.abc import Sequence

from pydantic import Field

from services.reporting.process.exits import superseded
from services.reporting.view.generations import in_force, trouble
from services.reporting.worker.changelog import app_id, changelog_topic
from shared.domain.facts.base import Day
from shared.kafka import broker
from shared.settings import Settings

log = logging.getLogger(__name__)


class WorkerSettings(Settings):
    """What only a worker is told."""

    session_timeout_s: float = Field(10.0, gt=0, le=1800)
    """Seconds after which the group gives a silent worker's partitions to others."""
    member: str = ""
    """The name of a static member, one worker's alone: within the session timeout it comes back to its partitions."""
    hang_s: float = Field(60.0, gt=0, le=86_400)
    """Seconds in which a worker with unread records must get on, or it ends."""
    generation: int = Field(0, ge=0)
    """Of the view that is kept: the one in force, unless a later one is asked for, which is built beside it."""
    since: Day | None = None
    staged: bool = False
    """Whether its rows stand beside the topic that readers follow; not asked for, see `told`."""

    def app_id(self) -> str:
        """The Faust app and consumer group of this generation."""
        return app_id(self.deployment, self.generation)

    def changelog(self) -> str:
        """The changelog of this generation."""
        return changelog_topic(self.deployment, self.generation)


async def told(settings: WorkerSettings) -> WorkerSettings:
    """The settings of a worker of the generation in force, unless a later one is asked for.

    Ends the process when an earlier one is: a rebuild that another one has overtaken builds nothing more.
    """
    now = await in_force(settings.kafka, settings.deployment)
    if 0 < settings.generation < now.number:
        superseded(settings.generation, now.number)
    if settings.generation > now.number:
        return settings.model_copy(update={"staged": True})
    return settings.model_copy(update={"generation": now.number, "since": now.since, "staged": False})


async def readable(settings: WorkerSettings) -> Sequence[str]:
    """Regions whose topics are all there. The others, or a missing changelog, are named in the log."""
    sizes = await broker.topic_sizes(settings.kafka)
    wanted = {settings.changelog(): settings.partitions}
    if wrong := trouble(sizes, settings.deployment) or broker.unlike(sizes, wanted):
        log.error("%s", wrong)
        return ()
    return [region for region in settings.region_list() if _has_topics(region, sizes, settings.partitions)]


def _has_topics(region: str, sizes: dict[str, int], partitions: int) -> bool:
    wrong = broker.missing(sizes, [region], partitions)
    if wrong:
        log.error("Region %s is not read: %s", region, wrong)
    return wrong is None
