"""Brings a new government into Piket: writes the files that it needs, and observes what is still missing."""
