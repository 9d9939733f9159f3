"""Reads the stores of the services and the progress of projections. A write is tried and undone."""

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

import psycopg

from deploy.doctor.judgement.stores import Migration, ProjectionObserved, StoreObserved
from deploy.doctor.probes.signals import Examination
from services.reporting.dead_letters.readings import MIGRATIONS as READING_MIGRATIONS
from services.roster.app import MIGRATIONS as ROSTER_MIGRATIONS
from shared.domain import envelope
from shared.event_store.committed_events import MIGRATIONS
from shared.event_store.database import Connection, Database, Unavailable
from shared.projection.offsets import SELECT_HELD_STREAMS, SELECT_SOURCE
from shared.settings import Settings

MIGRATION_FOLDERS: Mapping[str, Sequence[Path]] = {
    "roster": (MIGRATIONS, ROSTER_MIGRATIONS),
    "reporting": (MIGRATIONS, READING_MIGRATIONS),
}
"""Folders of migrations by service; the other services have those of the event store only."""
PROJECTIONS: Mapping[str, Sequence[str]] = {"roster": ("policy",)}
"""The services whose events a service projects."""
WAIT_S, POLL_S = 3.0, 0.2
SELECT_HEAD = "SELECT sequence FROM head WHERE source = :source"


class _Undone(Exception):
    """Rolls back the write that was tried."""


async def observe_store(service: str, examination: Examination) -> StoreObserved:
    """Read the migrations of a store and try to write. A SQLite file that does not exist is not created."""
    url = examination.settings.store_url(service)
    store = StoreObserved(service, _address(url), _expected_migrations(service))
    if _is_missing_file(url):
        return store._replace(unreachable="the file does not exist")
    database = Database(url)
    try:
        return await _observe(store, database)
    except sqlite3.DatabaseError as error:  # the file is not a database, or a damaged one
        return store._replace(unreachable=_cause(error))
    finally:
        await database.close()


def _is_missing_file(url: str) -> bool:
    return url.startswith("sqlite") and not Path(url.removeprefix("sqlite://")).is_file()


def _address(url: str) -> str:
    """Return the address of a store without its password."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 5432}{parts.path}" if parts.scheme == "postgresql" else parts.path


def _expected_migrations(service: str) -> frozenset[Migration]:
    folders = MIGRATION_FOLDERS.get(service, (MIGRATIONS,))
    return frozenset((folder.parent.name, file.name) for folder in folders for file in folder.glob("[0-9]*.sql"))


async def _observe(store: StoreObserved, database: Database) -> StoreObserved:
    try:
        await database.read("SELECT 1")
    except Unavailable as error:
        return store._replace(unreachable=_cause(error))
    return store._replace(applied=await _applied_migrations(database), unwritable=await _write_error(database))


async def _applied_migrations(database: Database) -> frozenset[Migration]:
    try:
        return frozenset((part, name) for part, name in await database.read("SELECT part, name FROM schema_version"))
    except (Unavailable, psycopg.Error):  # a store without the table was never migrated
        return frozenset()


async def _write_error(database: Database) -> str:
    try:
        await database.write(_try_to_write)
    except _Undone:
        return ""
    except (Unavailable, psycopg.Error) as error:
        return _cause(error)
    return ""


def _try_to_write(connection: Connection) -> None:
    connection.execute("CREATE TABLE IF NOT EXISTS doctor (tried text)")
    connection.execute("INSERT INTO doctor VALUES ('now')")
    raise _Undone


def _cause(error: Exception) -> str:
    """Return the first line of the error of the database itself."""
    return str(error.__cause__ or error).strip().splitlines()[0]


async def observe_projections(examination: Examination) -> Sequence[ProjectionObserved]:
    """Return how far the projections of all regions are; wait up to `WAIT_S` for one that is behind."""
    settings = examination.settings
    return await asyncio.gather(
        *(
            _observe_projection(settings, consumer, owner, region)
            for consumer, owners in PROJECTIONS.items()
            for owner in owners
            for region in settings.region_list()
        )
    )


async def _observe_projection(settings: Settings, consumer: str, owner: str, region: str) -> ProjectionObserved:
    source = envelope.source(region, owner)
    owners, database = Database(settings.store_url(owner)), Database(settings.store_url(consumer))
    try:
        head = await _number(owners, SELECT_HEAD, source=source)
        before = observed = await _progress(database, ProjectionObserved(consumer, source, head, 0, 0))
        deadline = monotonic() + WAIT_S
        while (observed.after < head or observed.held_streams) and monotonic() < deadline:
            await asyncio.sleep(POLL_S)
            observed = await _progress(database, observed)
        return observed._replace(before=before.after)
    finally:
        await owners.close()
        await database.close()


async def _progress(database: Database, observed: ProjectionObserved) -> ProjectionObserved:
    applied = await _number(database, SELECT_SOURCE, consumer=observed.consumer, source=observed.source)
    held = await database.read(SELECT_HELD_STREAMS, consumer=observed.consumer)
    # The source is `/piket/{region}/{service}`, and the second part of a stream is its region.
    region = observed.source.split("/")[2]
    return observed._replace(after=applied, held_streams=sum(stream.split("/")[1] == region for (stream,) in held))


async def _number(database: Database, sql: str, **values: str) -> int:
    rows = await database.read(sql, **values)
    return int(rows[0][0]) if rows else 0
