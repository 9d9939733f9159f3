"""Simulates a day of a province through the HTTP APIs, and compares the view with the ground truth."""
