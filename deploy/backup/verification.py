"""Checks the events of stores and of backups for gaps and for an intact chain (`piket verify`)."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from deploy.backup.files import sha256
from deploy.backup.judgement.chain_check import ChainBroken, SourceCheck
from deploy.backup.judgement.manifest import Manifest, UnusableBackup, check_events, parse_manifest
from deploy.backup.store_kinds import FAILURES, KINDS
from deploy.operations.sources import committed_events
from shared.domain import envelope
from shared.kafka.errors import UnsafeToContinue
from shared.settings import Settings

PAGE_SIZE = 1_000


class VerificationFailed(UnsafeToContinue):
    """A source has a gap or a broken chain, or a backup cannot be restored."""


async def verify_stores(settings: Settings, services: Sequence[str], regions: Sequence[str], console: Console) -> None:
    """Check sources from their first event. Raise `VerificationFailed` at the first broken link, or `Unavailable`."""
    for service in services:
        for region in regions:
            await _verify_source(settings, service, region, console)


async def _verify_source(settings: Settings, service: str, region: str, console: Console) -> None:
    events, check = committed_events(settings, service), SourceCheck(envelope.source(region, service))
    with console.status("0") as status:
        while page := await events.read_feed(region, check.sequence, PAGE_SIZE):
            try:
                for stored in page:
                    check.add(stored.sequence, stored.body)
                check.finish()  # pages come in order: no event may wait for a later page
            except ChainBroken as broken:
                raise VerificationFailed(str(broken)) from broken
            status.update(f"{check.sequence}")
    if await events.head(region) > check.sequence:
        raise VerificationFailed(str(ChainBroken(check.source, check.sequence + 1)))
    console.print(
        f"{check.source}: {check.sequence} events, no gap, the chain is intact up to {check.chain}.", soft_wrap=True
    )


def verify_backup(folder: Path, services: Sequence[str], console: Console) -> None:
    """Check the backups of services in a folder without restoring them. Raise `VerificationFailed`."""
    for service in services:
        try:
            manifest = check_backup(folder, service)
        except UnusableBackup as error:
            raise VerificationFailed(f"The backup of {service} in {folder} cannot be used: {error}.") from error
        for region, last in manifest.regions.items():
            source = envelope.source(region, service)
            line = f"{source}: {last.sequence} events, no gap, the chain is intact up to {last.chain}."
            console.print(line, soft_wrap=True)
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
