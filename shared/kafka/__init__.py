"""Connects to Kafka, creates topics and writes dead letters."""
