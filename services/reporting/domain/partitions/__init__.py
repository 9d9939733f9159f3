"""Decides which rows of the assigned Kafka partitions change, and when a day is closed."""
