"""Judges the age of the newest backup of each store."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from deploy.doctor.judgement.verdict import Finding, Verdict, show_minute, verdict

MAX_AGE = timedelta(hours=48)
"""A backup is made every night: one may fail before this is a fault."""


class BackupsObserved(NamedTuple):
    """The folder of backups (empty: none is set), and when each service was last backed up there, None if never."""

    folder: str
    now: datetime
    newest: Mapping[str, datetime | None]


def judge_backups(observed: BackupsObserved) -> Verdict:
    """Return whether every store has a backup that is not older than `MAX_AGE`."""
    if not observed.folder:
        return Verdict(evidence="PIKET_BACKUP_FOLDER is not set, so no backup is expected on this machine")
    oldest = min((made for made in observed.newest.values() if made), default=observed.now)
    return verdict(
        [*_findings(observed)], f"every store has a backup in {observed.folder} of {show_minute(oldest)} or later"
    )


def _findings(observed: BackupsObserved) -> Iterator[Finding]:
    cure = f"Run `piket backup --to {observed.folder}`, then see why it was not run every night."
    for service, made in observed.newest.items():
        where = f"The store of {service}"
        if made is None:
            yield Finding(where, f"has no backup in {observed.folder}", cure)
        elif observed.now - made > MAX_AGE:
            hours = MAX_AGE // timedelta(hours=1)
            what = f"has no backup younger than {hours} h in {observed.folder}: the last is of {show_minute(made)}"
            yield Finding(where, what, cure)
