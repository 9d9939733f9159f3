"""Stores the registry of people and roster's projection of policy."""
