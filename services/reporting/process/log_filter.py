"""Limits how often a worker logs that Kafka is away."""

import logging

LOG_REPEAT_S = 10.0


class RateLimitFilter(logging.Filter):
    """Log a repeated Kafka client message at most once every ten seconds: it logs each attempt to reach a broker."""

    def __init__(self) -> None:
        super().__init__()
        self._logged_at: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record is logged."""
        message, now = f"{record.name}{record.msg}", record.created
        if not record.name.startswith("aiokafka") or now - self._logged_at.get(message, 0.0) > LOG_REPEAT_S:
            self._logged_at[message] = now
            return True
        return False
