"""Serves policy's commands and queries over HTTP."""
