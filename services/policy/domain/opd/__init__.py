"""Decides which OPD exist on a date, what becomes of them, and how their units are arranged."""
