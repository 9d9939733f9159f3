"""Creates the consumer of a plain aiokafka loop, with the settings of the worker's consumer."""

import os

from aiokafka import AIOKafkaConsumer

from services.reporting.faust_batches.consumer import MAX_FETCH_BYTES


def consumer(name: str) -> AIOKafkaConsumer:
    """Return a consumer, not started, that reads a topic from its beginning and commits nothing."""
    return AIOKafkaConsumer(
        name,
        bootstrap_servers=os.environ["PIKET_KAFKA"],
        group_id=os.environ["PIKET_DEPLOYMENT"],
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=50,
        max_partition_fetch_bytes=MAX_FETCH_BYTES,
    )
