"""Reads dead letters and their records from Kafka, and sends the event of a record again."""
