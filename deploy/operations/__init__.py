"""Runs, supervises, reconciles and recovers a deployment."""
