"""Stores who read the bytes of a dead letter, because these may be personal data (UU 27/2022)."""

from datetime import datetime
from functools import partial
from pathlib import Path

from services.reporting.domain.dead_letters import RecordPosition
from shared.event_store.database import Connection, Database

MIGRATIONS = Path(__file__).parent / "migrations"


async def record_reading(database: Database, position: RecordPosition, principal: str, at: datetime) -> None:
    """Store that a principal reads a record. Call it before the bytes are read, so that no reading escapes."""
    await database.write(partial(_insert, position=position, principal=principal, at=at))


def _insert(connection: Connection, position: RecordPosition, principal: str, at: datetime) -> None:
    connection.execute(
        "INSERT INTO dead_letter_read VALUES (:at, :principal, :region, :topic, :partition, :offset)",
        at=at.isoformat(), principal=principal, **position._asdict(),
    )  # fmt: skip
