"""A store that was restored from an older copy is brought up from the log, which kept what the copy lost."""

from aiokafka import TopicPartition

from deploy.operate.sources import store_of
from shared import kafka, logtail
from shared.events import topic
from shared.settings import Settings

PATIENCE_MS = 10_000


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
    sizes = await kafka.topic_sizes(bootstrap)
    if name not in sizes:
        raise kafka.absent_topics([name])
    places = [TopicPartition(name, number) for number in range(sizes[name])]
    kept: dict[int, bytes] = {}
    async with logtail.reading(bootstrap, places, PATIENCE_MS) as consumer:
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        while any([await consumer.position(place) < ends[place] for place in places]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found = ((logtail.sequence(record.value or b""), record.value or b"") for record in records)
                kept |= {number: body for number, body in found if number > sequence}
    return kept
