"""Declares why a relay refuses to continue, or starts again from its checkpoint."""

from shared.kafka.errors import UnsafeToContinue


class LogAhead(UnsafeToContinue):
    """The Kafka topic holds an event that the store does not hold: the store was restored from an older backup."""

    def __init__(self, topic: str, sequence: int) -> None:
        super().__init__(
            f"Kafka topic {topic} holds event {sequence}, which the store does not hold: the store is an older copy "
            "than the topic. Nothing was sent or changed. Restore the missing events with `piket recover --from-log`, "
            "then start again."
        )


class FeedBroken(UnsafeToContinue):
    """The feed skipped a sequence number: continuing would lose an event for every reader."""

    def __init__(self, topic: str, sequence: int) -> None:
        super().__init__(
            f"The feed of {topic} skips events after {sequence}. No later event was sent; all events remain in the "
            "store. Check the store with `piket verify`."
        )


class TopicRecreated(Exception):
    """The topic was recreated while the producer was sending: its earlier records are lost."""
