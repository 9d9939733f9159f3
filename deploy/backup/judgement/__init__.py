"""Judges whether the events of a source are complete and whether a backup may be restored."""
