"""Backs up the stores of services while they run (`piket backup`): a file and a manifest for each."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from rich.console import Console

from deploy.backup.files import PART, create_private, publish, sha256
from deploy.backup.judgement.chain_check import ChainBroken
from deploy.backup.judgement.manifest import Manifest, check_events
from deploy.backup.store_kinds import FAILURES, kind_of
from deploy.operations.sources import SERVICES_WITH_STORE
from shared.clock import wall_time
from shared.kafka.errors import UnsafeToContinue
from shared.metrics.server import VERSION
from shared.relay.checkpoints.files import try_lock
from shared.settings import Settings

ROOM = "No space left", "disk is full"
"""Parts of the error messages of a full disk."""


class BackupFailed(UnsafeToContinue):
    """A store was not backed up. Nothing of it is left under its final name; the store is unchanged."""


def back_up(settings: Settings, services: Sequence[str], folder: Path, console: Console) -> int:
    """Back up stores to a new folder below `folder`; return 1 if one failed, else 0. Raise `BackupFailed`."""
    with _exclusive(folder):
        _remove_remains(folder)
        made = wall_time()
        target = _create_folder(folder / f"{made:%Y-%m-%dT%H-%M-%SZ}")
        # Policy last, because roster keeps what it knows of policy: a later copy of policy holds at least that.
        ordered = sorted(services, key=SERVICES_WITH_STORE.index, reverse=True)
        results = [_back_up_or_report(settings, service, target, made, console) for service in ordered]
    console.print(f"The backup is in {target}.", soft_wrap=True)
    return 0 if all(results) else 1


def _back_up_or_report(settings: Settings, service: str, folder: Path, made: datetime, console: Console) -> bool:
    try:
        manifest = back_up_store(settings.store_url(service), service, folder, made)
    except BackupFailed as error:
        console.print(str(error), style="red", soft_wrap=True)
        return False
    regions = ", ".join(f"{code}: {region.sequence:,}" for code, region in manifest.regions.items())
    console.print(f"{service}: {manifest.bytes:,} bytes, events by region {regions or 'none'}.", soft_wrap=True)
    return True


def back_up_store(url: str, service: str, folder: Path, made: datetime) -> Manifest:
    """Back up one store, check the copy, and give it its name. Raise `BackupFailed`."""
    kind = kind_of(url)
    file = folder / f"{service}.{kind.ending}"
    part, manifest_part = (folder / f"{name}{PART}" for name in (file.name, f"{service}.json"))
    try:
        create_private(part)
        state = kind.copy(url, service, part)
        manifest = Manifest(
            service=service, store=kind.name, file=file.name, bytes=part.stat().st_size, sha256=sha256(part),
            made=made, piket=VERSION, migrations=state.migrations, regions=state.regions,
        )  # fmt: skip
        check_events(manifest, kind.events(part))
        create_private(manifest_part)
        manifest_part.write_text(manifest.model_dump_json(indent=2))
        publish(part, file)
        publish(manifest_part, folder / f"{service}.json")  # last: a file without a manifest is no backup
    except (*FAILURES, ChainBroken) as error:
        raise BackupFailed(_failure(service, folder, error)) from error
    finally:
        part.unlink(missing_ok=True)
        manifest_part.unlink(missing_ok=True)
    return manifest


def _failure(service: str, folder: Path, error: Exception) -> str:
    cause = str(error).strip().rstrip(".").splitlines()[0] if str(error) else repr(error)
    cure = "Check PIKET_STORE and the folder, then run `piket backup` again"
    if any(part in cause for part in ROOM):
        cure = f"Make room on the disk of {folder}, then run `piket backup` again"
    if isinstance(error, ChainBroken):
        cure = "The store itself is damaged: `piket verify` names the place; keep it, and use an earlier backup"
    return f"{service} was not backed up: {cause}. The store and earlier backups are unchanged. {cure}."


@contextmanager
def _exclusive(folder: Path) -> Iterator[None]:
    """Hold the right to write backups to a folder. Raise `BackupFailed` if another process holds it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (folder / ".lock").open("w")
    except OSError as error:
        raise BackupFailed(f"{folder} cannot be written ({error.strerror}). Nothing was backed up.") from error
    with lock:
        if not try_lock(lock):
            raise BackupFailed(f"Another `piket backup` writes to {folder}. Nothing was backed up; wait for its end.")
        yield


def _create_folder(target: Path) -> Path:
    try:
        target.mkdir(mode=0o700)
    except OSError as error:
        raise BackupFailed(f"{target} cannot be created ({error.strerror}). Nothing was backed up.") from error
    return target


def _remove_remains(folder: Path) -> None:
    """Delete what a killed backup left: files without their final name, and empty folders."""
    for part in folder.glob(f"*/*{PART}*"):
        part.unlink(missing_ok=True)
    for target in folder.glob("*Z"):
        with suppress(OSError):  # a folder that holds a backup is not removed
            target.rmdir()
