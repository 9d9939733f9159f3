"""Defines the manifest of a backup, and judges whether the backup may be restored."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from deploy.backup.judgement.chain_check import SourceCheck
from shared.domain import envelope

FORMAT = 1
"""The format of the manifest; a release refuses a higher one."""


class UnusableBackup(Exception):
    """The backup may not be restored. The message says why, for the operator."""


class BackedUpRegion(BaseModel):
    """The last event of a region in a store."""

    model_config = ConfigDict(frozen=True)

    sequence: int
    chain: str
    recordedtime: AwareDatetime


class StoreState(NamedTuple):
    """The applied migrations of a store, as part and name, and the last event of each region."""

    migrations: Sequence[tuple[str, str]]
    regions: Mapping[str, BackedUpRegion]


class Manifest(BaseModel):
    """Describes the backup of one service. `made` is the time when it began; `bytes` and `sha256` are of its file."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    service: str
    store: Literal["sqlite", "postgresql"]
    file: str = Field(pattern=r"^[a-z]+\.[a-z]+$")
    bytes: int
    sha256: str
    made: AwareDatetime
    piket: str
    migrations: Sequence[tuple[str, str]]
    regions: Mapping[str, BackedUpRegion]


def parse_manifest(content: bytes) -> Manifest:
    """Return the manifest of a file. Raise `UnusableBackup` if a newer release wrote it, or if it is damaged."""
    try:
        parsed = from_json(content)
        if isinstance(parsed, dict) and isinstance(number := parsed.get("format"), int) and number > FORMAT:
            raise UnusableBackup(
                f"its manifest has format {number}, and this release reads up to {FORMAT}; use the release that made it"
            )
        return Manifest.model_validate(parsed)
    except (ValueError, ValidationError) as error:
        raise UnusableBackup("its manifest is damaged; use another backup") from error


def store_state(
    service: str, migrations: Iterable[Sequence[str]], heads: Iterable[tuple[str, int, str, str]]
) -> StoreState:
    """Return the state of a store from its rows `schema_version` and `head` (source, sequence, recorded, chain).

    Raise `UnusableBackup` if a source is of another service.
    """
    rows = {source: (sequence, recorded, chain) for source, sequence, recorded, chain in heads}
    if foreign := [source for source in rows if not re.fullmatch(rf"/piket/\d+/{service}", source)]:
        raise UnusableBackup(f"the store holds events of {foreign[0]}, so it is not the store of {service}")
    regions = {
        source.split("/")[2]: BackedUpRegion.model_validate({"sequence": n, "recordedtime": at, "chain": chain})
        for source, (n, at, chain) in sorted(rows.items())
    }
    return StoreState(sorted((part, name) for part, name in migrations), regions)


def check_restorable(manifest: Manifest, service: str, store: str, known: Iterable[tuple[str, str]]) -> None:
    """Raise `UnusableBackup` if a backup is not of this service or kind of store, or is of a newer release.

    `known` are the migrations of this release.
    """
    if manifest.service != service:
        raise UnusableBackup(f"it is a backup of {manifest.service}")
    if manifest.store != store:
        raise UnusableBackup(f"it is of a {manifest.store} store, and PIKET_STORE is a {store} store")
    if newer := sorted({*manifest.migrations} - {*known}):
        names = ", ".join(f"{part}/{name}" for part, name in newer)
        raise UnusableBackup(
            f"Piket {manifest.piket} made it with the migrations {names}, which this release does not have;"
            " use the release that made it"
        )


def check_events(manifest: Manifest, events: Iterable[tuple[str, int, bytes]]) -> None:
    """Check events (source, sequence, body) against a manifest.

    Raise `ChainBroken`, or `UnusableBackup` if their last ones are not those of the manifest.
    """
    checks: dict[str, SourceCheck] = {}
    for source, sequence, body in events:
        check = checks.get(source) or checks.setdefault(source, SourceCheck(source))
        check.add(sequence, body)
    for check in checks.values():
        check.finish()
    read = {source: (check.sequence, check.chain) for source, check in checks.items()}
    listed = {envelope.source(code, manifest.service): (r.sequence, r.chain) for code, r in manifest.regions.items()}
    for source in sorted({*read, *listed}):
        if read.get(source) != listed.get(source):
            ends, ought = read.get(source, (0, "")), listed.get(source, (0, ""))
            raise UnusableBackup(f"{source} ends at event {ends[0]}, and the manifest says {ought[0]}")
