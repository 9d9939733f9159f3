"""`piket rebuild-view`: the view anew from the log, beside the one in force, and then the switch.

Until the switch nothing that readers see has changed; after it, `move` can be done again. So a rebuild that was broken
off at any point is run again.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from rich.console import Console

from deploy.operate import generations
from deploy.operate.replay import caught_up, crew, reach
from services.reporting.generation import LOOK_MS, Generation, in_force, put_in_force
from shared import kafka, mark
from shared.regions import local_date
from shared.settings import Settings

NOTICED_S = 3 * LOOK_MS / 1000
"""In this time the workers of the old view have read that it was replaced, and ended."""


async def rebuild(settings: Settings, begins: date, workers: int, console: Console) -> Generation:
    """Replace the rows of `begins` and later, and of the days that are still open; answers what is in force then.

    Raises `Refused` for a date to come, while another rebuild is at work, or when the new view cannot be built;
    KafkaError when Kafka does not answer. Each leaves the view in force as it was.
    """
    kafka.quiet_client()
    now = settings.now()
    if begins > max(local_date(now(), region) for region in settings.region_list()):
        raise kafka.Refused(f"{begins} is still to come: there is nothing to rebuild. Nothing was changed.")
    await kafka.check_topics(settings.kafka, settings.region_list(), settings.partitions)
    with alone(settings.folder / "rebuild.lease"):
        before = await in_force(settings.kafka, settings.deployment)
        number = await generations.unused(settings, before)
        await finished(settings, before)
        new = Generation(number=number, since=min(begins, generations.first_open(settings, now)))
        await generations.create(settings, number, before.number)
        await switched(settings, new, workers, console)
        rows = await finished(settings, new)
    console.print(
        f"Generation {new.number} of the view is in force, from {new.since} on; {rows} rows of closed days were moved "
        "or removed. Workers of the one before have ended; whoever looks after them starts them as this one's."
    )
    return new


async def switched(settings: Settings, new: Generation, workers: int, console: Console) -> None:
    """Build the new view, then put it in force.

    Its workers go on until they have read all that those of the old view can have shown: no row goes back in time.
    """
    with console.status("The workers of the new view start …") as status:
        async with crew(settings, new, workers) as working:
            await caught_up(settings, new, working, lambda progress: status.update(str(progress)))
            status.update("The new view has caught up, and is put in force …")
            await put_in_force(settings.kafka, settings.deployment, new)
            await asyncio.sleep(NOTICED_S)
            await reach(settings, new, working, lambda progress: status.update(str(progress)))


async def finished(settings: Settings, now: Generation) -> int:
    """Do what is left to do after a switch; answers the rows that were moved or removed."""
    rows = await generations.move(settings, now)
    await generations.sweep(settings, now)
    return rows


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Be the only one here. Raises `Refused`; the kernel frees the lease at any end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        if not mark.taken(file):
            raise kafka.Refused("Another rebuild is at work in this folder. Nothing was changed; wait until it ends.")
        yield
