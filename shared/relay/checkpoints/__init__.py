"""Stores how far relays have sent, and lets one relay at a time send a source."""
