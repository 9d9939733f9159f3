"""Runs the streaming worker, which turns facts from Kafka into coverage rows."""
