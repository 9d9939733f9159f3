"""Defines code that injects faults into the process of a worker before it starts."""

RECORD_SKIPPED = """
from aiokafka.consumer.fetcher import Fetcher
original, fetched_offsets = Fetcher.fetched_records, []
async def skip(self, *args, **options):
    fetched = await original(self, *args, **options)
    for tp, records in fetched.items():
        fetched_offsets.extend((tp, record.offset) for record in records if tp.topic.endswith("attendance.v1"))
    missing = fetched_offsets[100] if len(fetched_offsets) > 100 else None
    kept = {tp: [r for r in records if (tp, r.offset) != missing] for tp, records in fetched.items()}
    return {tp: records for tp, records in kept.items() if records}
Fetcher.fetched_records = skip
"""
"""Drops the 101st check-in that this process fetches, between Kafka's client and the batch consumer."""
