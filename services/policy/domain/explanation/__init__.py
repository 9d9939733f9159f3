"""Answers who works where on a date, and explains in Indonesian and English why."""
