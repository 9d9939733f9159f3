"""Reads the settings of a process from its environment, once at its start."""

from shared.settings.kafka import validate_addresses
from shared.settings.process import MAX_PORT
from shared.settings.settings import Settings

__all__ = ["MAX_PORT", "Settings", "validate_addresses"]
