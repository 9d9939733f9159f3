"""Backs up and restores the stores of the services, and checks stores and backups."""
