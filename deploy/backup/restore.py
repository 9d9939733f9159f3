"""Restores the stores of services from a backup (`piket restore`), after all of it was checked."""

from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from deploy.backup.judgement.manifest import Manifest, StoreState, UnusableBackup, check_restorable
from deploy.backup.store_kinds import FAILURES, StoreKind, kind_of
from deploy.backup.verification import check_backup
from shared.clock import wall_time
from shared.event_store.committed_events import MIGRATIONS
from shared.kafka.errors import UnsafeToContinue
from shared.settings import Settings

SERVICES = Path(__file__).parents[2] / "services"


class RestoreRefused(UnsafeToContinue):
    """A store was not restored: it or the backup is not in a state in which that is safe."""


class PreparedRestore(NamedTuple):
    """A checked backup, and the store that it becomes. `aside`: the name for a present store, empty if none is."""

    service: str
    url: str
    kind: StoreKind
    manifest: Manifest
    aside: str


def known_migrations(service: str) -> set[tuple[str, str]]:
    """Return the migrations that a store of this release has, as part and name."""
    # By their folders, because the import of a service takes seconds.
    folders = [MIGRATIONS, *(SERVICES / service).rglob("migrations")]
    return {(folder.parent.name, file.name) for folder in folders for file in folder.glob("[0-9]*.sql")}


def restore(
    settings: Settings, services: Sequence[str], folder: Path, replaced: Collection[str], console: Console
) -> None:
    """Restore the stores of services from a folder; a present store of `replaced` is kept under another name.

    Nothing is changed before every backup and every store was checked. Raise `RestoreRefused`.
    """
    at = wall_time()
    prepared = [_prepare(settings.store_url(service), service, folder, service in replaced, at) for service in services]
    for store in prepared:
        _bring_in(store, folder)
        _report(store, console)


def _prepare(url: str, service: str, folder: Path, is_replaced: bool, at: datetime) -> PreparedRestore:  # noqa: FBT001
    kind = kind_of(url)
    try:
        manifest = check_backup(folder, service)
        check_restorable(manifest, service, kind.name, known_migrations(service))
    except UnusableBackup as error:
        raise RestoreRefused(
            f"The backup of {service} in {folder} was not restored: {error}. No store was changed."
        ) from error
    try:
        aside = _name_aside(kind, url, service, is_replaced, at)
    except FAILURES as error:
        raise RestoreRefused(
            f"The store of {service} cannot be reached: {_first_line(error)}. No store was changed. Check PIKET_STORE;"
            " on PostgreSQL create an empty database first."
        ) from error
    return PreparedRestore(service, url, kind, manifest, aside)


def _name_aside(kind: StoreKind, url: str, service: str, is_replaced: bool, at: datetime) -> str:  # noqa: FBT001
    """Return the name under which a present store will be kept, empty if there is none. Raise `RestoreRefused`."""
    present = kind.obstacle(url)
    if not present:
        return ""
    if not is_replaced:
        raise RestoreRefused(
            f"There is a store of {service} already: {present}. No store was changed. To keep it under another name"
            f" and restore the backup in its place, add --replace {service}."
        )
    if users := kind.usage(url):
        raise RestoreRefused(
            f"The store of {service} is in use: {users}. No store was changed. Stop the service and the relay first."
        )
    # With microseconds, because a restore that was killed may have kept a store in the same second.
    return f"replaced_{at:%Y%m%dT%H%M%S_%f}".lower()


def _bring_in(store: PreparedRestore, folder: Path) -> None:
    try:
        state = store.kind.restore(store.url, store.service, folder / store.manifest.file, store.aside)
    except FAILURES as error:
        raise RestoreRefused(
            f"{store.service} was not restored: {_first_line(error)}. Its store is as it was before."
        ) from error
    if state != StoreState(store.manifest.migrations, store.manifest.regions):
        raise RestoreRefused(
            f"The restored store of {store.service} does not end where its manifest says. Do not start the service;"
            " restore another backup."
        )


def _report(store: PreparedRestore, console: Console) -> None:
    ends = "; ".join(
        f"region {code} up to event {last.sequence:,}, recorded {last.recordedtime:%Y-%m-%d %H:%M:%S} UTC"
        for code, last in store.manifest.regions.items()
    )
    console.print(f"{store.service}: restored {ends or 'without events'}.", soft_wrap=True)
    if store.aside:
        console.print(f"{store.service}: the store that was there before is kept as {store.aside}.", soft_wrap=True)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or repr(error)).splitlines()[0].rstrip(".")
