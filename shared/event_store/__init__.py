"""Stores events in SQLite or PostgreSQL, and decides and commits commands in batches."""
