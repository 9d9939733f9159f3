"""Says when Piket calls a person: recording rules and alerts for Prometheus, and what the demo shortens in them."""
