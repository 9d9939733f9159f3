"""Measures what flexible work changes: shares at home against their limits, and estimates of what is saved."""
