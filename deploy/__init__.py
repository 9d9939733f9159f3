"""Runs Piket: on one computer, and for the people who operate it."""
