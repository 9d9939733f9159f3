"""Moves committed events from the event store to Kafka, in order and at least once."""
