"""Observes a deployment for the checks, without changing it: Kafka, stores, files, ports and processes."""
