"""Keeps the coverage rows that are read from Kafka in memory, for the HTTP API and the pages."""
