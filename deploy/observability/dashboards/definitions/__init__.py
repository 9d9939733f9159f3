"""Defines the content of each dashboard, one module for each."""
