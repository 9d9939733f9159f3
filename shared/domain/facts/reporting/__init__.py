"""Defines the events that reporting publishes; its coverage rows are no events."""
