"""Decides what happens to a decree or circular from draft to revocation, and which policies change by it."""
