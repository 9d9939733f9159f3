"""Decides which instruments bind an OPD on a date, and merges their rules into one set."""
