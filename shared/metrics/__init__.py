"""Serves the metrics of a process, and measures its HTTP requests."""
