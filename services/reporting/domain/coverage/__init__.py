"""Derives the coverage rows of one OPD from its set of facts."""
