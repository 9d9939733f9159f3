"""Provides a service that projects the facts of attendance into its own database."""

from collections.abc import Callable, Sequence
from functools import partial

from prometheus_client import REGISTRY

from shared.domain.envelope import Event
from shared.event_store.database import Connection, Database
from shared.event_store.store import Store
from shared.kafka.connection import KafkaConnection
from shared.projection.application import ApplyEvent
from shared.projection.consumer import ConsumedRecord
from shared.projection.projection import Projection
from tests.support.faulty_database import lose_commits

TOPIC = "piket.32.attendance.v1"
UNUSED = KafkaConnection("127.0.0.1:9")
SOURCE = "/piket/32/attendance"
STREAMS = ("attendance/32/DPMPTSP/2025-11-06/ani", "attendance/32/DPMPTSP/2025-11-06/budi")


def record_event(connection: Connection, event: Event) -> None:
    """Insert one row for each time an event is applied."""
    connection.execute(
        "INSERT INTO noted VALUES (:stream, :version)", stream=event.subject, version=event.streamversion
    )


def with_unknown_type(body: bytes) -> bytes:
    """Return Ani's third tap as an event of an unknown type; any other event unchanged."""
    return body.replace(b"checked-in.v1", b"beamed-in.v1") if b'"sequence":"00000000000000000005"' in body else body


class ProjectionService:
    """A service that projects the facts of attendance, and can be started again."""

    def __init__(self, database: Database, url: str, owner: Store[int]) -> None:
        self.database = database
        self.owner = owner
        self.dead_letters: list[ConsumedRecord] = []
        self.transform_feed: Callable[[bytes], bytes] = bytes
        self.lost_commits = lose_commits(database, url)
        self.owner_is_unavailable = False

    async def start(self, apply: ApplyEvent = record_event) -> Projection:
        async def write_dead_letter(record: ConsumedRecord, _: str) -> None:
            self.dead_letters.append(record)

        async def feed(_: str, after: int) -> Sequence[bytes]:
            if self.owner_is_unavailable:
                raise ConnectionError
            return [self.transform_feed(stored.body) for stored in await self.owner.read_feed("32", after, 5)]

        edges = partial(Projection, dead_letter=write_dead_letter, feed=feed, connection=UNUSED)
        projection = edges(self.database, "board", [TOPIC], apply)
        await projection.open()
        return projection

    async def applied_versions(self) -> list[list[int]]:
        """Return the applied versions of each stream, in the order of their application."""
        rows = await self.database.read("SELECT stream, version FROM noted")
        return [[version for name, version in rows if name == stream] for stream in STREAMS]

    def held_streams(self) -> float | None:
        """Return how many streams are held, according to the metric."""
        return REGISTRY.get_sample_value("piket_projection_held_streams", {"consumer": "board"})

    def unreadable(self) -> float:
        """Return how many events could not be read, according to the metric."""
        labels = {"service": "board", "topic": TOPIC, "outcome": "unreadable"}
        return REGISTRY.get_sample_value("piket_events_total", labels) or 0
