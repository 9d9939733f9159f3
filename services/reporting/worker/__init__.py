"""Runs the streaming worker: it folds facts into coverage rows and publishes them."""
