"""The reference world: West Java's governments with their OPD, units, posts and synthetic people, made by a seed."""
