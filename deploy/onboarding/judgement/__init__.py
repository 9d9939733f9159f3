"""Judges how far a government is on its way to its first published roster."""
