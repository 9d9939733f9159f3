"""Keeps the coverage rows read from Kafka in memory for HTTP and pages."""
