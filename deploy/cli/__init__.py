"""The `piket` command: serve, relay, worker, topics, demo."""
