"""Declares why a relay refuses to continue, or starts again from its checkpoint."""

from shared.kafka.errors import UnsafeToContinue


class LogAhead(UnsafeToContinue):
    """The Kafka topic holds an event that the store does not hold: the store was restored from an older backup."""


class FeedBroken(UnsafeToContinue):
    """The feed skipped a sequence number: continuing would lose an event for every reader."""


class TopicRecreated(Exception):
    """The topic was recreated while the producer was sending: its earlier records are lost."""
