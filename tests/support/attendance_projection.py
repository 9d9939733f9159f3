"""A service that notes the facts of attendance in its own database."""

from collections.abc import Callable, Sequence

from prometheus_client import REGISTRY

from shared.domain.envelope import Event
from shared.event_store.database import Connection, Database
from shared.event_store.store import Store
from shared.projection.consumer import Record
from shared.projection.projection import Apply, Projection
from tests.support.faulty_database import losing_commits

TOPIC = "piket.32.attendance.v1"
SOURCE = "/piket/32/attendance"
STREAMS = ("attendance/32/DPMPTSP/2025-11-06/ani", "attendance/32/DPMPTSP/2025-11-06/budi")


def note(connection: Connection, event: Event) -> None:
    """One row for each time an event is applied."""
    connection.execute(
        "INSERT INTO noted VALUES (:stream, :version)", stream=event.subject, version=event.streamversion
    )


def beamed(body: bytes) -> bytes:
    """Anis third tap, as a type that nobody here knows."""
    return body.replace(b"checked-in.v1", b"beamed-in.v1") if b'"sequence":"00000000000000000005"' in body else body


class Reader:
    """A service that notes the facts of attendance, and may be started again."""

    def __init__(self, database: Database, url: str, owner: Store[int]) -> None:
        self.database = database
        self.owner = owner
        self.letters: list[Record] = []
        self.owner_tells: Callable[[bytes], bytes] = bytes
        self.lost_answers = losing_commits(database, url)
        self.owner_is_away = False

    async def start(self, apply: Apply = note) -> Projection:
        async def bury(record: Record, _: str) -> None:
            self.letters.append(record)

        async def feed(_: str, after: int) -> Sequence[bytes]:
            if self.owner_is_away:
                raise ConnectionError
            return [self.owner_tells(stored.body) for stored in await self.owner.read_feed("32", after, 5)]

        projection = Projection(self.database, "board", [TOPIC], apply, dead_letter=bury, feed=feed)
        await projection.open()
        return projection

    async def noted(self) -> list[list[int]]:
        """The versions that were applied of each stream, in the order of their application."""
        rows = await self.database.read("SELECT stream, version FROM noted")
        return [[version for name, version in rows if name == stream] for stream in STREAMS]

    def held(self) -> float | None:
        """How many streams wait, as the metrics tell."""
        return REGISTRY.get_sample_value("piket_projection_held_streams", {"consumer": "board"})
