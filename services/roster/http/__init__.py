"""Serves roster's commands and queries over HTTP."""
