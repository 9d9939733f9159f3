"""Follows a request by its W3C trace context through store, Kafka, worker and view; off unless an endpoint is set."""
