"""A bare aiokafka loop over the events of a run: its consumer, set as the worker's is."""

import os

from aiokafka import AIOKafkaConsumer

from services.reporting.faust_batches.consumer import FETCH_BYTES


def consumer(name: str) -> AIOKafkaConsumer:
    """A consumer of a topic from its start, not yet started; it commits nothing."""
    return AIOKafkaConsumer(
        name,
        bootstrap_servers=os.environ["PIKET_KAFKA"],
        group_id=os.environ["PIKET_DEPLOYMENT"],
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=50,
        max_partition_fetch_bytes=FETCH_BYTES,
    )
