"""Serves attendance's commands and queries over HTTP."""
