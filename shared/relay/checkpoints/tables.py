"""Stores checkpoints in a table of the service's PostgreSQL database, where every computer of a deployment reads them.

A lease is an advisory lock of a session: PostgreSQL releases it when the connection ends, however that happens. The
checkpoint is written on the same connection, so a relay that lost its lease cannot move it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any

import psycopg
import structlog

from shared.event_store.database import Unavailable
from shared.relay.checkpoints import files
from shared.relay.checkpoints.checkpoint import Checkpoint, LeaseLost, LeaseState, outage_log

LOCK_CLASS = 7_002
"""First key of the advisory locks of relays; the second one is the code of the region."""
LEASE_RETRY_S = 1.0
PING_EVERY_S = 2.0
ANSWER_WITHIN_S = 10.0
# Not durable at once: after a crash of the server an older checkpoint causes some repeats. The server frees the leases
# of a computer that vanished after half a minute; by default it would after two hours.
OPTIONS = (
    f"-c synchronous_commit=off -c lock_timeout={ANSWER_WITHIN_S:.0f}s"
    " -c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
    " -c tcp_user_timeout=30000"  # milliseconds; keepalives are not sent while an answer waits to be confirmed
)
TRY_LOCK = "SELECT pg_try_advisory_lock(%s, %s)"
UNLOCK = "SELECT pg_advisory_unlock(%s, %s)"
IS_LOCKED = (
    "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objid = %s AND granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
UPSERT = (
    "INSERT INTO relay_checkpoint VALUES (%s, %s) ON CONFLICT (region) DO UPDATE SET checkpoint = excluded.checkpoint"
)
SELECT = "SELECT checkpoint FROM relay_checkpoint WHERE region = %s"
LOST = (psycopg.OperationalError, psycopg.InterfaceError, TimeoutError)

log = structlog.get_logger()


class Session:
    """One connection to the database of a service, which its relays share. It does not connect again by itself."""

    def __init__(self, connection: psycopg.AsyncConnection[tuple[Any, ...]]) -> None:
        self._connection, self._answered = connection, monotonic()

    @property
    def is_open(self) -> bool:
        """Return whether the connection was not lost."""
        return not self._connection.closed

    async def execute(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows. Raise `LeaseLost` if the connection was lost; its locks are free."""
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                cursor = await self._connection.execute(sql.encode(), values)
                rows = await cursor.fetchall() if cursor.description else []
        except LOST as error:
            await self._connection.close()
            raise LeaseLost(f"The connection to PostgreSQL was lost ({type(error).__name__})") from error
        self._answered = monotonic()
        return rows

    async def close(self) -> None:
        """Close the connection."""
        await self._connection.close()

    async def ping(self) -> None:
        """Check the connection, unless another relay used it just now. Raise `LeaseLost`."""
        if monotonic() - self._answered >= PING_EVERY_S or not self.is_open:
            await self.execute("SELECT 1")


class SessionSource:
    """Opens the session of a database when a relay needs one and there is none. Its relays share it."""

    def __init__(self, url: str, service: str) -> None:
        self._url, self._opening = url, asyncio.Lock()
        self.outage = outage_log(database=service)
        self._session: Session | None = None

    async def session(self) -> Session:
        """Return the open session. Raise `Unavailable`."""
        async with self._opening:
            if self._session is None or not self._session.is_open:
                self._session = Session(await self._connect())
            return self._session

    async def close(self) -> None:
        """Close the session, which releases its leases."""
        if self._session:
            await self._session.close()

    async def _connect(self) -> psycopg.AsyncConnection[tuple[Any, ...]]:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return await psycopg.AsyncConnection.connect(self._url, autocommit=True, options=OPTIONS)
        except psycopg.ProgrammingError:
            raise Unavailable("The address of the database is none that PostgreSQL understands") from None
        except LOST as error:
            raise Unavailable(f"The database did not answer ({type(error).__name__})") from error


class TableLease:
    """The lease of one source, held by a session."""

    def __init__(self, session: Session, region: str) -> None:
        self._session, self._region = session, region

    async def write(self, checkpoint: Checkpoint) -> None:
        """Store a checkpoint. Raise `LeaseLost`."""
        await self._session.execute(UPSERT, self._region, checkpoint.model_dump_json())

    async def wait_until_lost(self) -> None:
        """Return when the connection was lost, at the latest some seconds later."""
        with suppress(LeaseLost):
            while True:
                await self._session.ping()
                await asyncio.sleep(PING_EVERY_S)


class TableCheckpoints:
    """The checkpoint of one region in the table `relay_checkpoint`.

    `earlier_file` is the file in which earlier releases stored it: it is read while the table has no row.
    """

    def __init__(self, sessions: SessionSource, service: str, region: str, earlier_file: Path) -> None:
        self._sessions, self._region, self._earlier_file = sessions, region, earlier_file
        self.outage = sessions.outage
        self._lock = (LOCK_CLASS, int(region))
        self.lease_name = f"of region {region} in the database of {service}"

    @asynccontextmanager
    async def lease(self) -> AsyncIterator[TableLease]:
        """Hold the lease; wait while another process holds it. Raises `Unavailable`."""
        session = await self._locked_session()
        try:
            yield TableLease(session, self._region)
        finally:
            with suppress(LeaseLost):
                await session.execute(UNLOCK, *self._lock)

    async def read(self) -> Checkpoint:
        """Return the checkpoint of the table, or that of the earlier file. Raises `Unavailable`."""
        rows = await self._execute(SELECT, self._region)
        return Checkpoint.model_validate_json(rows[0][0]) if rows else files.read(self._earlier_file)

    async def reset(self) -> bool:
        """Reset the checkpoint. Return False without a change while a relay runs. Raises `Unavailable`."""
        if await self._execute(IS_LOCKED, *self._lock):
            return False
        async with self.lease() as lease:
            await lease.write(Checkpoint())
        return True

    async def lease_state(self) -> LeaseState:
        """Return the state of the lease. Raises `Unavailable`."""
        return LeaseState.HELD if await self._execute(IS_LOCKED, *self._lock) else LeaseState.FREE

    async def _locked_session(self) -> Session:
        waiting = False
        while (session := await self._try_lock()) is None:
            if not waiting:
                log.info("Another relay holds the lease; waiting for it", lease=self.lease_name)
            waiting = True
            await asyncio.sleep(LEASE_RETRY_S)
        return session

    async def _try_lock(self) -> Session | None:
        session = await self._sessions.session()
        try:
            ((locked,),) = await session.execute(TRY_LOCK, *self._lock)
        except LeaseLost as lost:
            raise Unavailable(f"The database did not answer ({lost})") from lost
        self.outage.succeeded()
        return session if locked else None

    async def _execute(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            return await (await self._sessions.session()).execute(sql, *values)
        except LeaseLost as lost:
            raise Unavailable(f"The database did not answer ({lost})") from lost
