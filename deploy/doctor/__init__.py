"""Checks a deployment from its settings, and names each fault with its cure (`piket doctor`)."""
