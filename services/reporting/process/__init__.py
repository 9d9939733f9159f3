"""Ends a process that fails or stalls."""
