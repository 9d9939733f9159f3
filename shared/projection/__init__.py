"""Keeps tables derived from another service's events, with the offset in the same transaction."""
