"""Installs what Piket needs on a computer; runs on the system's Python, before any package is installed."""
