"""Decides, without IO, which fact a tap becomes."""
