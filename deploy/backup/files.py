"""Writes the files of backups so that no half file ever has its final name."""

import hashlib
import os
from pathlib import Path

PART = ".part"
"""The ending of a file that is being written."""


def create_private(file: Path) -> None:
    """Create an empty file that only its owner may read: a store holds names of people. Raise `FileExistsError`."""
    os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def sync(path: Path) -> None:
    """Write a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def publish(part: Path, file: Path) -> None:
    """Give a complete file its final name, durably."""
    sync(part)
    part.replace(file)
    sync(file.parent)


def sha256(file: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
