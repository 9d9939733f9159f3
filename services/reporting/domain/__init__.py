"""Derives, without IO, coverage and its status from facts."""
