"""Runs a real broker and a real database on one computer, without containers."""
