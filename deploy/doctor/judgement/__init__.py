"""Decides from what the probes observed which faults a deployment has, and how each is cured. Pure."""
