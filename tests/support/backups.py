"""Provides stores of attendance on both kinds of database, their backups, and empty places for restored ones."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import NamedTuple
from uuid import uuid4

import psycopg
from rich.console import Console

from deploy.backup.backup import back_up_store
from deploy.backup.judgement.manifest import Manifest
from deploy.backup.restore import restore
from deploy.local.postgresql import Postgresql
from shared.clock import wall_time
from shared.settings import Settings
from tests.faults.writer_process import stream
from tests.support.stores import StoreUsers, all_events, command
from tests.support.waiting import wait_until

SERVICE = "attendance"
QUIET = Console(quiet=True)


class BackupSite(NamedTuple):
    """A store of attendance, a folder for files, and the function that returns the address of another, empty store."""

    url: str
    folder: Path
    new_url: Callable[[], str]

    @property
    def is_sqlite(self) -> bool:
        """Return whether the stores are SQLite files."""
        return self.url.startswith("sqlite")

    def settings(self, url: str = "") -> Settings:
        """Return the settings of a deployment with this store."""
        return Settings(store=url or self.url, folder=self.folder)

    async def tap(self, count: int, region: str = "32") -> None:
        """Store check-ins, each of a stream of its own."""
        async with StoreUsers(self.url) as users:
            store = await users.store()
            for _ in range(count):
                number = uuid4().int % 1_000_000_000
                await store.execute(command(stream(number).replace("/32/", f"/{region}/"), region=region))

    async def bodies(self, url: str = "", region: str = "32") -> Sequence[bytes]:
        """Return the events of a store, by default of this one."""
        async with StoreUsers(url or self.url) as users:
            return [event.body for event in await all_events(await users.store(), region)]

    def back_up(self) -> Path:
        """Back the store up to a new folder and return that."""
        folder = self.folder / f"backup-{uuid4().hex[:8]}"
        folder.mkdir()
        back_up_store(self.url, SERVICE, folder, wall_time())
        return folder

    def restore(self, folder: Path, url: str = "", *, replaced: bool = False) -> str:
        """Restore a backup, by default to an empty store, and return the address of the store."""
        url = url or self.new_url()
        restore(self.settings(url), [SERVICE], folder, [SERVICE] if replaced else [], QUIET)
        return url


def manifest_of(folder: Path) -> Manifest:
    """Return the manifest of a backup of attendance."""
    return Manifest.model_validate_json((folder / f"{SERVICE}.json").read_bytes())


def sqlite_site(folder: Path) -> BackupSite:
    """Return a site of SQLite files that do not exist yet."""

    def new_url() -> str:
        return f"sqlite://{folder}/store-{uuid4().hex[:8]}.db"

    return BackupSite(new_url(), folder, new_url)


def postgresql_site(folder: Path, server: Postgresql) -> BackupSite:
    """Return a site of empty PostgreSQL databases."""

    def new_url() -> str:
        return server.create_database(f"backup_{uuid4().hex}")

    return BackupSite(new_url(), folder, new_url)


@contextmanager
def writing(url: str) -> Iterator[Sequence[int]]:
    """Run sixteen users who check in during the block; yield the positions of what was acknowledged until now."""
    program = [sys.executable, "-m", "tests.faults.writer_process", url, *["0"] * 16]
    positions: list[int] = []
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as writer:

        def read_positions() -> None:
            assert writer.stdout
            for line in writer.stdout:
                if line.endswith("\n"):
                    positions.append(int(line.split()[2]))  # noqa: PERF401 - read while it grows

        reader = Thread(target=read_positions)
        reader.start()
        try:
            yield positions
        finally:
            writer.kill()
            reader.join()


async def wait_for_acknowledgements(positions: Sequence[int], count: int) -> int:
    """Wait until so many commands were acknowledged, and return the last position."""
    await wait_until(lambda: len(positions) >= count)
    return max(positions)


def schemas(url: str) -> Sequence[str]:
    """Return the schemas of replaced stores in a PostgreSQL database."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'replaced%'").fetchall()
    return [name for (name,) in rows]
