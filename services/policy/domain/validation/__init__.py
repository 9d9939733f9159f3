"""Checks commands and rule sets, and collects every error with its JSON pointer."""
