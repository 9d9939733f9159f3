"""Ends a worker process that failed or stalled, so that its supervisor starts it again."""
