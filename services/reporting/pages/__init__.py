"""Serves the public board and the page of one OPD."""
