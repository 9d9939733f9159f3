"""Serves the operators' page: processes, lag, dead letters, outages and alerts, behind a sign-in."""
