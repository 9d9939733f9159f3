"""Rebuilds the coverage view from the log beside the current view, then switches to it (`piket rebuild-view`).

Before the switch, readers see no change; after it, `publish_staged_rows` can be repeated. So a rebuild that was
interrupted at any point can be run again.
"""

import asyncio
from datetime import date

from rich.console import Console

from deploy.view_rebuild import topics
from deploy.view_rebuild.lease import Lease, exclusive_lease
from deploy.view_rebuild.workers import RebuildProgress, start_workers, wait_until_near_end, wait_until_read
from services.reporting.view.generations import POLL_MS, Generation, activate_generation, current_generation
from shared.domain.regions import local_date
from shared.kafka import broker
from shared.kafka.connection import connection_of
from shared.kafka.errors import UnsafeToContinue
from shared.settings import Settings

SWITCH_NOTICE_S = 3 * POLL_MS / 1000
"""Time in which the workers of the old view notice the switch and end."""


async def rebuild(settings: Settings, first_date: date, workers: int, console: Console) -> Generation:
    """Rebuild the rows from `first_date` on and of all open days, and return the new current generation.

    Raise `UnsafeToContinue` for a future date, if another rebuild is running, or if the new view cannot be built;
    KafkaError if Kafka does not answer. Readers see one complete view all the time. Running it again completes an
    interrupted rebuild.
    """
    broker.silence_client_logs()
    now = settings.domain_clock()
    if first_date > max(local_date(now(), region) for region in settings.region_list()):
        raise UnsafeToContinue(f"{first_date} is in the future: there is nothing to rebuild. Nothing was changed.")
    await broker.check_topics(connection_of(settings), settings.region_list(), settings.partitions)
    async with exclusive_lease(settings) as lease:
        # An interrupted switch is completed first: the new generation follows the one that is then current.
        number = await topics.next_generation_number(settings, await finish_last_switch(settings, lease))
        new = Generation(number=number, since=min(first_date, topics.earliest_open_date(settings, now)))
        await topics.create_generation_topics(settings, number)
        await build_and_switch(settings, new, workers, lease, console)
        current = await finish_last_switch(settings, lease)
    console.print(
        f"Generation {current.number} of the view is in force, from {current.since} on. "
        "The workers of the previous generation have ended; their supervisor restarts them for this one."
    )
    return current


async def build_and_switch(settings: Settings, new: Generation, workers: int, lease: Lease, console: Console) -> None:
    """Build the new view, then make it the current one.

    Its workers continue until they have read all events that the old workers can have published: no row becomes older.
    """
    with console.status("Starting the workers of the new view …") as status:

        def show_progress(progress: RebuildProgress) -> None:
            lease.check()
            status.update(str(progress))

        async with start_workers(settings, new, workers) as new_workers:
            await wait_until_near_end(settings, new, new_workers, show_progress)
            status.update("The new view has caught up; switching to it …")
            await lease.confirm()  # the last check before a change that readers see
            await activate_generation(connection_of(settings), settings.deployment, new)
            new_workers.view_status = (
                "The new view is in force; the workers of the deployment read the remaining events."
            )
            # The old workers may still publish until they notice the switch.
            await asyncio.sleep(SWITCH_NOTICE_S)
            await wait_until_read(settings, new, new_workers, show_progress)


async def finish_last_switch(settings: Settings, lease: Lease) -> Generation:
    """Complete the last switch, also that of an interrupted rebuild, and return the current generation."""
    current = await current_generation(connection_of(settings), settings.deployment)
    await lease.confirm()
    await topics.publish_staged_rows(settings, current)
    await lease.confirm()
    await topics.delete_old_topics(settings, current)
    return current
