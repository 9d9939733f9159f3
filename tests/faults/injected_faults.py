"""Faults planted into a worker's own process, run before it starts."""

RECORD_SKIPPED = """
from aiokafka.consumer.fetcher import Fetcher
whole, seen = Fetcher.fetched_records, []
async def skip(self, *args, **options):
    fetched = await whole(self, *args, **options)
    for place, records in fetched.items():
        seen.extend((place, record.offset) for record in records if place.topic.endswith("attendance.v1"))
    missing = seen[100] if len(seen) > 100 else None
    kept = {place: [r for r in records if (place, r.offset) != missing] for place, records in fetched.items()}
    return {place: records for place, records in kept.items() if records}
Fetcher.fetched_records = skip
"""
"""The 101st check-in that this process fetches is lost, for good, between Kafka's client and the transport."""
