"""A store that was restored from an older copy is brought up from the log, which kept what the copy lost."""

from deploy.operations.sources import store_of
from shared.domain.envelope import topic
from shared.kafka import broker
from shared.relay import log_tail
from shared.settings import Settings


async def recover(settings: Settings, service: str, region: str) -> int:
    """Append the events after the store's last one, as they stand in the log; answers how many. Raises `Diverged`."""
    store = store_of(settings, service)
    await store.open()
    head = await store.head(region)
    kept = await log_after(settings.kafka, topic(region, service), head)
    await store.restore(region, [kept[sequence] for sequence in sorted(kept)])
    return len(kept)


async def log_after(bootstrap: str, name: str, sequence: int) -> dict[int, bytes]:
    """The events of a topic after a sequence, each once."""
    if name not in await broker.topic_sizes(bootstrap):
        raise broker.absent_topics([name])
    bodies = [record.value or b"" async for record in log_tail.everything(bootstrap, [name])]
    return {number: body for body in bodies if (number := log_tail.sequence(body)) > sequence}
