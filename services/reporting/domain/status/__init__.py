"""Derives the status of posts, units and OPD now and over the day, as pages show it."""
