"""Logs an outage of something that a process tries again and again: each reason once, and its end."""

import structlog

log = structlog.get_logger()


class OutageLog:
    """Logs `message` with each new reason of an outage, and `end_message` after it."""

    def __init__(self, message: str, end_message: str, **fields: object) -> None:
        self._message, self._end_message, self._fields = message, end_message, fields
        self._reasons = set[str]()

    def failed(self, reason: str, **fields: object) -> None:
        """Log a failed attempt with more fields, unless this outage had one for the same reason."""
        if reason not in self._reasons:
            self._reasons.add(reason)
            log.warning(self._message, reason=reason, **self._fields, **fields)

    def succeeded(self) -> None:
        """Log the end of the outage, if there was one."""
        if self._reasons:
            self._reasons.clear()
            log.info(self._end_message, **self._fields)
