"""Reads the free space of the disks that Piket's folders are on, and which backups are in their folder."""

import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from deploy.backup.judgement.manifest import UnusableBackup
from deploy.backup.verification import read_manifest
from deploy.doctor.judgement.backups import BackupsObserved
from deploy.doctor.judgement.machines import DiskObserved
from deploy.doctor.probes.signals import Examination
from deploy.operations.sources import SERVICES_WITH_STORE
from shared.clock import wall_time


async def observe_disks(examination: Examination) -> Sequence[DiskObserved]:
    """Return the disks of the folder of checkpoints and of SQLite stores."""
    settings = examination.settings
    purposes = {settings.folder.resolve(): "PIKET_FOLDER"}
    if settings.store.startswith("sqlite"):
        for service in SERVICES_WITH_STORE:
            file = Path(settings.store_url(service).removeprefix("sqlite://"))
            purposes.setdefault(file.parent, f"store of {service}")
    return [disk(purpose, folder) for folder, purpose in purposes.items()]


def disk(purpose: str, folder: Path) -> DiskObserved:
    """Return the free space of the disk on which a folder is."""
    return DiskObserved(purpose, str(folder), shutil.disk_usage(folder).free if folder.is_dir() else None)


async def observe_backups(examination: Examination) -> BackupsObserved:
    """Return when each store was last backed up to PIKET_BACKUP_FOLDER. A folder without a manifest is no backup."""
    folder = examination.settings.backup_folder
    newest = {service: _last_backup(folder, service) for service in SERVICES_WITH_STORE} if folder else {}
    return BackupsObserved(str(folder or ""), wall_time(), newest)


def _last_backup(folder: Path, service: str) -> datetime | None:
    for backup in sorted(folder.glob("*Z"), reverse=True):
        try:
            return read_manifest(backup, service).made
        except UnusableBackup:
            continue
    return None
