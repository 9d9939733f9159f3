"""Derives the coverage of one OPD and service date from its set of facts."""
