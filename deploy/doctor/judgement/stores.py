"""Judges the stores of the services and the projections between them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from deploy.doctor.judgement.verdict import Finding, Verdict, verdict

Migration = tuple[str, str]
"""The part of the database (`event_store`, `storage`) and the name of a migration."""


class StoreObserved(NamedTuple):
    """What a store answered. `unreachable` and `unwritable` are error messages, empty if there was no error."""

    service: str
    address: str
    expected: frozenset[Migration]
    unreachable: str = ""
    applied: frozenset[Migration] = frozenset()
    unwritable: str = ""


class ProjectionObserved(NamedTuple):
    """How far a projection has read a source, before and after a wait, and how far the source goes.

    `held_streams` wait for an event that is missing.
    """

    consumer: str
    source: str
    head: int
    before: int
    after: int
    held_streams: int = 0


DISK_FIRST = "Look at its disk first (the checks `disks` are above): free space there, then run `piket doctor` again."
RESTORE = (
    "It is not a SQLite database, or a damaged one: stop the service and the relay, then restore the store from a"
    " backup (docs/operations/backup-and-restore.md)."
)
CURES: Mapping[str, str] = {
    "disk I/O error": DISK_FIRST,
    "disk is full": DISK_FIRST,
    "file is not a database": RESTORE,
    "disk image is malformed": RESTORE,
}
"""By a part of the message of SQLite. Other errors of a store have the cure of their finding."""


def judge_store(store: StoreObserved) -> Verdict:
    """Return whether a store can be reached, has all migrations, and can be written."""
    return verdict(list(_store_findings(store)), f"{store.address} is migrated and can be written")


def _store_findings(store: StoreObserved) -> Iterator[Finding]:
    where = f"The store of {store.service}, {store.address},"
    if store.unreachable:
        cure = f"Check PIKET_STORE and PIKET_FOLDER. `piket serve {store.service}` creates a SQLite store at its start."
        yield Finding(where, f"cannot be read ({store.unreachable})", _cure_of(store.unreachable, cure))
        return
    if missing := store.expected - store.applied:
        cure = f"Start `piket serve {store.service}` of this release: it migrates its store first."
        yield Finding(where, f"lacks the migrations {_names(missing)}", cure)
    if unknown := store.applied - store.expected:
        cure = "Run the release of Piket that migrated it; an older one may misread its tables."
        yield Finding(where, f"has the migrations {_names(unknown)} of another release", cure)
    if store.unwritable:
        cure = "Make file, folder and disk writable; for PostgreSQL use the primary server, not a read-only copy."
        yield Finding(where, f"cannot be written ({store.unwritable})", _cure_of(store.unwritable, cure))


def _cure_of(error: str, otherwise: str) -> str:
    return next((cure for part, cure in CURES.items() if part in error), otherwise)


def _names(migrations: frozenset[Migration]) -> str:
    return ", ".join(f"{part}/{name}" for part, name in sorted(migrations))


def judge_projections(projections: Sequence[ProjectionObserved]) -> Verdict:
    """Return whether every projection has read its source to the end, or is reading it."""
    findings = [finding for projection in projections for finding in _projection_findings(projection)]
    return verdict(findings, f"{len(projections)} sources are read to their end")


def _projection_findings(projection: ProjectionObserved) -> Iterator[Finding]:
    where = f"The projection of {projection.source} in {projection.consumer}"
    if projection.before == projection.after < projection.head:
        cure = (
            f"If the relay has a fault, cure that first. Otherwise start `piket serve {projection.consumer}`; if it"
            " runs, its log says why it does not read."
        )
        yield Finding(where, f"does not move: it is at event {projection.after} of {projection.head}", cure)
    if projection.held_streams:
        cure = (
            "The projection reads missing events from the feed of their owner: check PIKET_GATEWAY and"
            " PIKET_TOKEN_FILE, then the log of the service."
        )
        yield Finding(where, f"waits for missing events in {projection.held_streams} streams", cure)
