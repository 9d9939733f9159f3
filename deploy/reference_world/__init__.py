"""Generates the reference world from a seed: West Java's governments, their OPD, units, posts and synthetic people."""
