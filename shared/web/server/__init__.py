"""Runs a web application as a process, and ends it without losing a request."""
