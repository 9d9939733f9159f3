"""Holds what every service decides with: the decider protocol, batches, envelopes, facts, regions and places."""
