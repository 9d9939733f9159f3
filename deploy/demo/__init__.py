"""Starts and runs the demo: one day of a province, on real Kafka."""
