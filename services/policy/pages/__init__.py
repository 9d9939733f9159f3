"""Serves policy's HTML pages."""
