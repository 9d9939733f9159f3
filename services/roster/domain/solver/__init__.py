"""Solves the allocation of home days as a minimum-cost flow."""
