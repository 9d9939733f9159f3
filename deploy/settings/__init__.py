"""Writes docs/operations/settings.md, the table of all settings, from the classes that declare them."""
