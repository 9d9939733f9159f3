"""Defines the published language: every fact that a service publishes, and the records derived from facts."""
