"""Says whether a worker process is ready, and ends one that failed or stalled, so that it is started again."""
