"""Tests how the events and the manifest of a backup are judged."""

from datetime import UTC, datetime
from typing import Any

import pytest

from deploy.backup.judgement import chain_check
from deploy.backup.judgement.chain_check import ChainBroken, SourceCheck
from deploy.backup.judgement.manifest import (
    BackedUpRegion,
    Manifest,
    UnusableBackup,
    check_events,
    check_restorable,
    parse_manifest,
    store_state,
)
from deploy.backup.restore import known_migrations
from deploy.doctor.probes.stores import MIGRATION_FOLDERS
from shared.event_store.committed_events import MIGRATIONS
from tests.support.in_memory_source import InMemorySource

SOURCE = "/piket/32/attendance"
COUNT = 5
BODIES = {stored.sequence: stored.body for stored in InMemorySource(COUNT).stored}
CHAIN = {sequence: body.partition(b'"chain":"')[2][:64].decode() for sequence, body in BODIES.items()}
AT = datetime(2025, 11, 6, tzinfo=UTC)
MIGRATION = ("event_store", "0001_store.sql")


def manifest(**changes: Any) -> Manifest:
    last = BackedUpRegion(sequence=COUNT, chain=CHAIN[COUNT], recordedtime=AT)
    values = {
        "service": "attendance", "store": "sqlite", "file": "attendance.db", "bytes": 1, "sha256": "", "made": AT,
        "piket": "0.1.0", "migrations": [MIGRATION], "regions": {"32": last},
    }  # fmt: skip
    return Manifest.model_validate(values | changes)


def check(*sequences: int, bodies: dict[int, bytes] | None = None) -> SourceCheck:
    checked = SourceCheck(SOURCE)
    for sequence in sequences:
        checked.add(sequence, (bodies or BODIES)[sequence])
    checked.finish()
    return checked


@pytest.mark.parametrize("order", [(1, 2, 3, 4, 5), (5, 4, 3, 2, 1), (2, 1, 5, 3, 4)])
def test_events_in_any_order_are_complete(order: tuple[int, ...]) -> None:
    checked = check(*order)
    assert (checked.sequence, checked.chain) == (COUNT, CHAIN[COUNT])


@pytest.mark.parametrize(
    ("order", "broken_at"),
    [((1, 2, 4, 5), 3), ((2, 3, 4, 5), 1), ((1, 1, 2, 3), 4), ((1, 2, 3, 2), 4)],
    ids=["one is missing", "the first is missing", "one is there twice", "an earlier one is there twice"],
)
def test_a_missing_or_repeated_event_is_named(order: tuple[int, ...], broken_at: int) -> None:
    with pytest.raises(ChainBroken, match=f"{SOURCE}: broken at sequence {broken_at}"):
        check(*order)


@pytest.mark.parametrize(
    "body",
    [
        BODIES[3].replace(b"OPD-2", b"OPD-9"),
        BODIES[4],
        b"no JSON",
        b"[]",
        b"{}",
        BODIES[3].replace(b"/32/", b"/33/"),
    ],
    ids=["altered", "of another place", "no JSON", "no object", "empty", "of another region"],
)
def test_an_altered_event_is_named(body: bytes) -> None:
    with pytest.raises(ChainBroken, match="broken at sequence 3"):
        check(1, 2, 3, 4, 5, bodies=BODIES | {3: body})


def test_a_gap_ends_the_check_before_the_memory_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain_check, "MAX_WAITING", 2)
    checked = SourceCheck(SOURCE)
    for sequence in (2, 3):
        checked.add(sequence, BODIES[sequence])
    with pytest.raises(ChainBroken, match="broken at sequence 1"):
        checked.add(4, BODIES[4])


def test_the_events_of_a_backup_end_where_its_manifest_says() -> None:
    events = [(SOURCE, sequence, body) for sequence, body in BODIES.items()]
    check_events(manifest(), events)
    with pytest.raises(UnusableBackup, match="ends at event 4, and the manifest says 5"):
        check_events(manifest(), events[:-1])
    with pytest.raises(UnusableBackup, match="ends at event 0, and the manifest says 5"):
        check_events(manifest(), [])
    with pytest.raises(UnusableBackup, match="ends at event 5, and the manifest says 0"):
        check_events(manifest(regions={}), events)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"service": "roster"}, "it is a backup of roster"),
        ({"store": "postgresql"}, "it is of a postgresql store, and PIKET_STORE is a sqlite store"),
        ({"migrations": [MIGRATION, ("event_store", "9999_new.sql")], "piket": "9.0"}, r"Piket 9\.0 .*9999_new\.sql"),
    ],
)
def test_a_backup_that_does_not_fit_is_refused(changes: dict[str, object], message: str) -> None:
    check_restorable(manifest(), "attendance", "sqlite", {MIGRATION})
    with pytest.raises(UnusableBackup, match=message):
        check_restorable(manifest(**changes), "attendance", "sqlite", {MIGRATION})


def test_a_manifest_is_read_as_it_was_written() -> None:
    assert parse_manifest(manifest().model_dump_json().encode()) == manifest()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"format": 2}', "format 2, and this release reads up to 1"),
        (manifest().model_dump_json().encode()[:-9], "damaged"),
        (b"[]", "damaged"),
        (b'{"format": 1}', "damaged"),
        (manifest().model_dump_json().replace("attendance.db", "../roster.db").encode(), "damaged"),
    ],
)
def test_another_manifest_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(UnusableBackup, match=message):
        parse_manifest(content)


def test_the_store_of_another_service_is_refused() -> None:
    head = (SOURCE, COUNT, AT.isoformat(), CHAIN[COUNT])
    assert store_state("attendance", [MIGRATION], [head]) == ([MIGRATION], manifest().regions)
    with pytest.raises(UnusableBackup, match="not the store of roster"):
        store_state("roster", [MIGRATION], [head])


@pytest.mark.parametrize("service", ["policy", "roster", "attendance", "reporting"])
def test_the_migrations_of_a_service_are_those_that_it_applies(service: str) -> None:
    folders = MIGRATION_FOLDERS.get(service, (MIGRATIONS,))
    applied = {(folder.parent.name, file.name) for folder in folders for file in folder.glob("[0-9]*.sql")}
    assert known_migrations(service) == applied
