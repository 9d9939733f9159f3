"""Reads the free space of the disks that Piket's folders are on."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from deploy.doctor.judgement.machines import DiskObserved
from deploy.doctor.probes.signals import Examination
from deploy.operations.sources import SERVICES_WITH_STORE


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
