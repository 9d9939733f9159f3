"""Rebuilds the coverage view from the log beside the view in use, and switches to it."""
