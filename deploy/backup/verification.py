"""Checks the events of stores and of backups for gaps and for an intact chain (`piket verify`)."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from deploy.backup.files import sha256
from deploy.backup.judgement.chain_check import ChainBroken, SourceCheck
from deploy.backup.judgement.manifest import Manifest, UnusableBackup, check_events, parse_manifest
from deploy.backup.store_kinds import FAILURES, KINDS, kind_of
from shared.clock import wall_time
from shared.domain import envelope
from shared.event_store.committed_events import CommittedEvents
from shared.event_store.database import Database
from shared.event_store.stored_events import StoredEvent
from shared.kafka.errors import UnsafeToContinue
from shared.settings import Settings

PAGE_SIZE = 1_000


class VerificationFailed(UnsafeToContinue):
    """A source has a gap or a broken chain, or a backup cannot be restored."""


async def verify_stores(settings: Settings, services: Sequence[str], regions: Sequence[str], console: Console) -> None:
    """Check sources from their first event. Raise `VerificationFailed` at the first broken link, or `Unavailable`."""
    for service in services:
        url = settings.store_url(service)
        _require_store(url, service)
        database = Database(url)
        try:
            for region in regions:
                await _verify_source(CommittedEvents(database, service=service, now=wall_time), region, console)
        finally:
            await database.close()


def _require_store(url: str, service: str) -> None:
    """Raise `VerificationFailed` if there is no store: a connection would create an empty SQLite file."""
    try:
        present = kind_of(url).obstacle(url)
    except FAILURES as error:
        raise VerificationFailed(f"The store of {service} does not answer: {error}. Check PIKET_STORE.") from error
    if not present:
        raise VerificationFailed(f"There is no store of {service}. Check PIKET_STORE and PIKET_FOLDER.")


async def _verify_source(events: CommittedEvents, region: str, console: Console) -> None:
    check = SourceCheck(envelope.source(region, events.service))
    with console.status("0") as status:
        while page := await events.read_feed(region, check.sequence, PAGE_SIZE):
            _check_page(check, page)
            status.update(f"{check.sequence}")
    if await events.head(region) > check.sequence:
        raise VerificationFailed(str(ChainBroken(check.source, check.sequence + 1)))
    console.print(_intact(check.source, check.sequence, check.chain), soft_wrap=True)


def _check_page(check: SourceCheck, page: Sequence[StoredEvent]) -> None:
    try:
        for stored in page:
            check.add(stored.sequence, stored.body)
        check.finish()  # pages come in order: no event may wait for a later page
    except ChainBroken as broken:
        raise VerificationFailed(str(broken)) from broken


def _intact(source: str, sequence: int, chain: str) -> str:
    return f"{source}: {sequence} events, no gap, the chain is intact up to {chain}."


def verify_backup(folder: Path, services: Sequence[str], console: Console) -> None:
    """Check the backups of services in a folder without restoring them. Raise `VerificationFailed`."""
    for service in services:
        try:
            manifest = check_backup(folder, service)
        except UnusableBackup as error:
            raise VerificationFailed(f"The backup of {service} in {folder} cannot be used: {error}.") from error
        for region, last in manifest.regions.items():
            console.print(_intact(envelope.source(region, service), last.sequence, last.chain), soft_wrap=True)
        console.print(f"{service}: the backup can be restored.")


def read_manifest(folder: Path, service: str) -> Manifest:
    """Return the manifest of a service's backup. Raise `UnusableBackup`."""
    try:
        return parse_manifest((folder / f"{service}.json").read_bytes())
    except OSError as error:
        raise UnusableBackup(f"{error.filename} cannot be read: {error.strerror}") from error


def check_backup(folder: Path, service: str) -> Manifest:
    """Check the file of a backup against its manifest, and its events; return the manifest. Raise `UnusableBackup`."""
    manifest = read_manifest(folder, service)
    if manifest.service != service:
        raise UnusableBackup(f"it is a backup of {manifest.service}")
    file = folder / manifest.file
    try:
        if (size := file.stat().st_size) != manifest.bytes or sha256(file) != manifest.sha256:
            raise UnusableBackup(
                f"{file.name} was changed or cut ({size:,} bytes, its manifest says {manifest.bytes:,}, or another"
                " SHA-256); use another backup"
            )
        check_events(manifest, KINDS[manifest.store].events(file))
    except (*FAILURES, ChainBroken) as error:
        raise UnusableBackup(str(error).rstrip(".")) from error
    return manifest
