"""Defines the dashboard Pipeline: where events wait between a tap and the view."""
