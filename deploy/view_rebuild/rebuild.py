"""`piket rebuild-view`: the view anew from the log, beside the one in force, and then the switch.

Until the switch nothing that readers see has changed; after it, `move` can be done again. So a rebuild that was broken
off at any point is run again.
"""

import asyncio
from datetime import date

from rich.console import Console

from deploy.view_rebuild import topics
from deploy.view_rebuild.lease import Lease, alone
from deploy.view_rebuild.workers import Progress, caught_up, crew, reach
from services.reporting.view.generations import LOOK_MS, Generation, in_force, put_in_force
from shared.domain.regions import local_date
from shared.kafka import broker
from shared.settings import Settings

NOTICED_S = 3 * LOOK_MS / 1000
"""In this time the workers of the old view have read that it was replaced, and ended."""


async def rebuild(settings: Settings, begins: date, workers: int, console: Console) -> Generation:
    """Replace the rows of `begins` and later, and of the days that are still open; answers what is in force then.

    Raises `Refused` for a date to come, while another rebuild is at work, or when the new view cannot be built;
    KafkaError when Kafka does not answer. Readers see one whole view all the time; run again, it ends what was left.
    """
    broker.quiet_client()
    now = settings.now()
    if begins > max(local_date(now(), region) for region in settings.region_list()):
        raise broker.Refused(f"{begins} is still to come: there is nothing to rebuild. Nothing was changed.")
    await broker.check_topics(settings.kafka, settings.region_list(), settings.partitions)
    async with alone(settings) as lease:
        number = await topics.unused(settings, await finished(settings, lease))
        new = Generation(number=number, since=min(begins, topics.first_open(settings, now)))
        await topics.create(settings, number)
        await switched(settings, new, workers, lease, console)
        standing = await finished(settings, lease)
    console.print(
        f"Generation {standing.number} of the view is in force, from {standing.since} on. "
        "Workers of the one before have ended; whoever looks after them starts them as this one's."
    )
    return standing


async def switched(settings: Settings, new: Generation, workers: int, lease: Lease, console: Console) -> None:
    """Build the new view, then put it in force.

    Its workers go on until they have read all that those of the old view can have shown: no row goes back in time.
    """
    with console.status("The workers of the new view start …") as status:

        def told(progress: Progress) -> None:
            lease.check()
            status.update(str(progress))

        async with crew(settings, new, workers) as working:
            await caught_up(settings, new, working, told)
            status.update("The new view has caught up, and is put in force …")
            await lease.sure()
            await put_in_force(settings.kafka, settings.deployment, new)
            working.meanwhile = "The new view is in force; what its workers had not read, the deployment's read."
            await asyncio.sleep(NOTICED_S)
            await reach(settings, new, working, told)


async def finished(settings: Settings, lease: Lease) -> Generation:
    """Do what is left to do after the last switch, whoever made it; answers what is in force."""
    now = await in_force(settings.kafka, settings.deployment)
    await lease.sure()
    await topics.move(settings, now)
    await lease.sure()
    await topics.sweep(settings, now)
    return now
