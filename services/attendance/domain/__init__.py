"""Decides, without IO, which fact a tap or an outage becomes."""
