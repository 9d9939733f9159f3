"""Solves the assignment of working from home as a minimum-cost flow."""
