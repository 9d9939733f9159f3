"""Configures the containers of one server, and writes their settings and secrets."""
