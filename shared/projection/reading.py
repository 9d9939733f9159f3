"""Reports whether a consumer reads its topics: in the log, in `/readyz` and by its lag."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from prometheus_client import Gauge

from shared.clock import wall_time
from shared.health.readiness import Part, PartState
from shared.kafka.errors import UnsafeToContinue
from shared.outage_log import OutageLog

LAG = Gauge("piket_projection_lag_records", "Records of a topic that are not read yet", ("consumer", "topic"))


class Reading:
    """The reading of some topics by one consumer.

    `has_begun`: a batch was read since the start of the process. `failures`: the last attempts that failed.
    """

    def __init__(self, consumer: str, topics: Sequence[str]) -> None:
        self._consumer, self.has_begun, self.failures = consumer, False, 0
        self._failing_since: datetime | None = wall_time()
        stopped = "Reading stopped; it is tried again at the stored offsets until it succeeds"
        self._outage = OutageLog(stopped, "Reading goes on", topics=topics)

    def succeeded(self, unread: Mapping[str, int]) -> None:
        """Record that a batch, or none that was due, was read; `unread` is the number of unread records by topic."""
        self.has_begun, self.failures, self._failing_since = True, 0, None
        self._outage.succeeded()
        for topic, records in unread.items():
            LAG.labels(self._consumer, topic).set(records)

    def failed(self, error: Exception) -> None:
        """Record why the topics or the database could not be read."""
        self.failures += 1
        self._failing_since = self._failing_since or wall_time()
        self._outage.failed(str(error) if isinstance(error, UnsafeToContinue) else repr(error))

    def part(self, name: str) -> Part:
        """Return the reading as a part of the process; not required, because the API answers from what was read."""

        async def check() -> PartState:
            if self._failing_since is None:
                return PartState(works=True, state="is read")
            return PartState(works=False, state="is not read", details={"since": self._failing_since.isoformat()})

        return Part(name, check, required=False)
