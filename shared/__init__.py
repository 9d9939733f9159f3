"""Holds what all services use: domain types, event store, relay, projections, Kafka, HTTP. Imports no service."""
