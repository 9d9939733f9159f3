"""Serves reporting's commands over HTTP: the decisions about dead letters."""
