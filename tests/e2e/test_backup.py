"""Tests backups of real stores: made while people check in, killed, damaged, refused, and restored."""

import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from deploy.backup.backup import BackupFailed
from deploy.backup.restore import RestoreRefused
from deploy.backup.verification import check_backup, verify_stores
from deploy.local.deadlines import scaled
from shared.event_store.database import Connection, Database
from shared.relay.checkpoints.files import try_lock
from tests.support.backups import (
    QUIET,
    SERVICE,
    BackupSite,
    manifest_of,
    postgresql_site,
    schemas,
    sqlite_site,
    wait_for_acknowledgements,
    writing,
)
from tests.support.figures import Figures
from tests.support.seeds import seeded_random

KILLS = 3
ROOT = Path(__file__).parents[2]
NO_MOUNT = 77
MOUNT_NAMESPACE = ("unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"]))
BACK_UP_TO_A_SMALL_DISK = f"""
mount -t tmpfs -o size=128k tmpfs "$1" || exit {NO_MOUNT}
"$2" -m deploy.cli backup {SERVICE} --to "$1"
status=$?
find "$1" -type f
exit $status
"""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.parts)])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> BackupSite:
    if request.param == "sqlite":
        return sqlite_site(tmp_path)
    return postgresql_site(tmp_path, request.getfixturevalue("postgresql"))


def environment(site: BackupSite) -> dict[str, str]:
    return {**os.environ, "PIKET_STORE": site.url, "PIKET_FOLDER": str(site.folder), "COLUMNS": "200"}


def piket(site: BackupSite, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "deploy.cli", *arguments], cwd=ROOT, check=False, capture_output=True, text=True,
        timeout=scaled(60), env=environment(site) | variables,
    )  # fmt: skip


async def test_a_backup_under_traffic_is_a_prefix_of_the_store(site: BackupSite, figures: Figures) -> None:
    with writing(site.url) as acknowledged:
        for count in (100, 500, 900):
            last = await wait_for_acknowledgements(acknowledged, count)
            began = time.monotonic()
            folder = site.back_up()
            seconds = time.monotonic() - began
            restored = await site.bodies(site.restore(folder))
            assert len(restored) == manifest_of(folder).regions["32"].sequence >= last
            original = await site.bodies()
            assert original[: len(restored)] == restored
    assert len(await site.bodies()) > len(restored)
    figures.append(f"Backup under traffic: {len(restored)} events in {seconds:.2f} s")


async def test_a_restored_store_goes_on_with_every_region(site: BackupSite) -> None:
    await site.tap(3)
    await site.tap(2, region="3276")
    url = site.restore(site.back_up())
    assert (await site.bodies(url), await site.bodies(url, "3276")) == (
        await site.bodies(),
        await site.bodies(region="3276"),
    )
    await BackupSite(url, site.folder, site.new_url).tap(1)
    await verify_stores(site.settings(url), [SERVICE], ["32", "3276"], QUIET)


async def test_a_killed_backup_leaves_nothing_that_looks_like_one(site: BackupSite) -> None:
    await site.tap(30)
    folder = site.folder / "backups"
    with writing(site.url):
        kill_backups(site, folder)
        assert back_up(site, folder).returncode == 0
    assert {path.suffix for path in folder.glob("*/*")} <= {".db", ".dump", ".json"}
    complete = [manifest.parent for manifest in folder.glob("*/*.json")]
    assert len(complete) >= 2
    for backup in complete:
        assert check_backup(backup, SERVICE).regions["32"].sequence >= 30
    assert running_dumps(folder) == []
    await verify_stores(site.settings(), [SERVICE], ["32"], QUIET)


def back_up(site: BackupSite, folder: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    return piket(site, "backup", SERVICE, "--to", str(folder), **variables)


def kill_backups(site: BackupSite, folder: Path) -> None:
    """Make one backup, then kill several others."""
    began = time.monotonic()
    assert back_up(site, folder).returncode == 0
    seconds = time.monotonic() - began
    for _ in range(KILLS):
        time.sleep(1)  # the folder of a backup is named by its second
        kill_piket(site, seconds, "backup", SERVICE, "--to", str(folder))


def kill_piket(site: BackupSite, seconds: float, *arguments: str) -> None:
    """Kill a command at any moment of its work, which takes so many seconds."""
    command = [sys.executable, "-m", "deploy.cli", *arguments]
    with subprocess.Popen(command, cwd=ROOT, env=environment(site), stderr=subprocess.DEVNULL) as process:
        time.sleep(seeded_random().uniform(0.5, 1) * seconds)  # after the imports
        process.kill()
    assert process.returncode in {-signal.SIGKILL, 0}


async def test_a_killed_restore_leaves_the_store_before_or_the_store_after(site: BackupSite) -> None:
    await site.tap(30)
    folder = site.back_up()
    await site.tap(5)
    arguments = ("restore", SERVICE, "--from", str(folder), "--replace", SERVICE)
    began = time.monotonic()
    assert piket(site, *arguments).returncode == 0
    seconds = time.monotonic() - began
    for _ in range(KILLS):
        await site.tap(5)
        before = await site.bodies()
        kill_piket(site, seconds, *arguments)
        assert await site.bodies() in (before, before[:30])
        await verify_stores(site.settings(), [SERVICE], ["32"], QUIET)
    assert piket(site, *arguments).returncode == 0
    assert await site.bodies() == before[:30]


def running_dumps(folder: Path) -> list[str]:
    """Return the command lines of processes that still write to a folder."""
    lines = subprocess.run(["ps", "-eo", "args"], check=True, capture_output=True, text=True).stdout.splitlines()
    return [line for line in lines if str(folder) in line]


def with_correct_sum(folder: Path, file: Path) -> None:
    """Make the manifest fit to a changed file, as someone could who changes both."""
    manifest = manifest_of(folder)
    changes = {"bytes": file.stat().st_size, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
    (folder / f"{SERVICE}.json").write_text(manifest.model_copy(update=changes).model_dump_json())


async def assert_refused(site: BackupSite, folder: Path, message: str) -> None:
    """Check that a restore is refused, to an empty store and over the present one, and changes neither."""
    before, empty = await site.bodies(), site.new_url()
    for url, replaced in ((empty, False), (site.url, True)):
        with pytest.raises(RestoreRefused, match=message):
            site.restore(folder, url, replaced=replaced)
    assert await site.bodies() == before
    assert site.restore(site.back_up(), empty) == empty  # it is still empty


async def test_a_truncated_changed_or_missing_file_is_refused(site: BackupSite) -> None:
    await site.tap(5)
    folder = site.back_up()
    file = folder / manifest_of(folder).file
    content = file.read_bytes()
    for damaged in (content[:-1], content[: len(content) // 2], content[:-1] + bytes([content[-1] ^ 1]), b""):
        file.write_bytes(damaged)
        await assert_refused(site, folder, "was changed or cut")
    file.write_bytes(content[: len(content) // 2])
    with_correct_sum(folder, file)
    await assert_refused(site, folder, "attendance in .* was not restored")
    file.unlink()
    await assert_refused(site, folder, "No such file")
    (folder / f"{SERVICE}.json").unlink()
    await assert_refused(site, folder, r"attendance\.json cannot be read")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("UPDATE event SET body = replace(body, 'DPMPTSP', 'DINKES') WHERE sequence = 3", "broken at sequence 3"),
        ("DELETE FROM event WHERE sequence = 3", "broken at sequence 3"),
        ("DELETE FROM event WHERE sequence = 5", "ends at event 4, and the manifest says 5"),
    ],
)
async def test_a_copy_with_other_events_is_refused(tmp_path: Path, change: str, message: str) -> None:
    site = sqlite_site(tmp_path)
    await site.tap(5)
    folder = site.back_up()
    file = folder / f"{SERVICE}.db"
    with closing(sqlite3.connect(file)) as copy:
        copy.execute(change)
        copy.commit()
    with_correct_sum(folder, file)
    await assert_refused(site, folder, message)


async def test_a_backup_of_another_service_or_a_newer_release_is_refused(site: BackupSite) -> None:
    await site.tap(2)
    folder = site.back_up()
    manifest = manifest_of(folder)
    newer = [*manifest.migrations, ("event_store", "9999_new.sql")]
    for changes, message in (({"migrations": newer}, "9999_new.sql"), ({"service": "roster"}, "a backup of roster")):
        (folder / f"{SERVICE}.json").write_text(manifest.model_copy(update=changes).model_dump_json())
        await assert_refused(site, folder, message)


async def test_a_present_store_is_refused_and_kept_aside_if_it_is_named(site: BackupSite) -> None:
    await site.tap(3)
    folder = site.back_up()
    await site.tap(2)
    before = await site.bodies()
    with pytest.raises(RestoreRefused, match=f"add --replace {SERVICE}"):
        site.restore(folder, site.url)
    assert await site.bodies() == before
    site.restore(folder, site.url, replaced=True)
    assert await site.bodies() == before[:3]
    assert await kept_aside(site) == before
    # The kept store is not part of later backups.
    assert await site.bodies(site.restore(site.back_up())) == before[:3]


async def kept_aside(site: BackupSite) -> list[bytes]:
    """Return the events of the store that a restore replaced."""
    if site.is_sqlite:
        (file,) = site.folder.glob("*.replaced_*")
        with closing(sqlite3.connect(file)) as store:
            return [body.encode() for (body,) in store.execute("SELECT body FROM event ORDER BY sequence")]
    (schema,) = schemas(site.url)
    with psycopg.connect(site.url, options=f"-c search_path={schema}") as connection:
        return [body.encode() for (body,) in connection.execute("SELECT body FROM event ORDER BY sequence")]


async def test_a_store_in_use_is_not_replaced_and_later_each_replaced_one_is_kept(site: BackupSite) -> None:
    await site.tap(3)
    folder, service = site.back_up(), Database(site.url)
    await service.read("SELECT 1")
    with pytest.raises(RestoreRefused, match=r"is in use: .* Stop the service and the relay first"):
        site.restore(folder, site.url, replaced=True)
    await service.close()
    urls = [site.restore(folder, site.url, replaced=True) for _ in range(4)]  # within one second
    assert len([*site.folder.glob("*.replaced_*")] if site.is_sqlite else schemas(site.url)) == len(urls)


async def test_a_store_that_is_absent_or_damaged_is_not_backed_up(site: BackupSite) -> None:
    with pytest.raises(BackupFailed, match="attendance was not backed up"):
        site.back_up()
    await site.tap(3)
    change = "UPDATE event SET body = replace(body, 'DPMPTSP', 'X') WHERE sequence = 2"
    await write(site, lambda connection: connection.execute(change))
    with pytest.raises(BackupFailed, match=r"broken at sequence 2\. .* The store itself is damaged"):
        site.back_up()
    assert [path.name for path in site.folder.glob("backup-*/*")] == []


async def test_a_backup_holds_no_row_that_was_deleted_before(site: BackupSite) -> None:
    await site.tap(1)
    plant_and_delete(site)
    assert b"Wiratmaja" not in content(site.back_up())


def plant_and_delete(site: BackupSite) -> None:
    """Store names of people in a table, and delete them."""
    rows = [(f"Wiratmaja Nomor {number} Contoh",) for number in range(300)]
    if not site.is_sqlite:
        with psycopg.connect(site.url) as connection, connection.cursor() as cursor:
            cursor.execute("CREATE TABLE person (name text)")
            cursor.executemany("INSERT INTO person VALUES (%s)", rows)
            cursor.execute("DELETE FROM person")
        return
    file = Path(site.url.removeprefix("sqlite://"))
    with closing(sqlite3.connect(file, isolation_level=None)) as store:
        store.execute("PRAGMA secure_delete=OFF")  # some systems build SQLite so that it overwrites what is deleted
        store.execute("CREATE TABLE person (name text)")
        store.executemany("INSERT INTO person VALUES (?)", rows)
        store.execute("DELETE FROM person")
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"Wiratmaja" in file.read_bytes()


def content(folder: Path) -> bytes:
    """Return the bytes of a backup, of a dump the unpacked ones."""
    file = folder / manifest_of(folder).file
    if file.suffix == ".db":
        return file.read_bytes()
    return subprocess.run(["pg_restore", "--file=-", str(file)], check=True, capture_output=True).stdout


async def test_a_full_disk_leaves_no_backup_and_one_sentence(site: BackupSite) -> None:
    await site.tap(1)
    # Random bytes, which a dump cannot compress.
    rows = [{"key": str(n), "answer": os.urandom(2000).hex()} for n in range(300)]
    insert = "INSERT INTO command_key VALUES (:key, 'x', 'x', :answer, 1, 1)"
    await write(site, lambda connection: connection.execute_many(insert, rows))
    disk = site.folder / "disk"
    run = back_up_to_small_disk(site, disk)
    assert "attendance was not backed up: " in run.stderr
    assert f"Make room on the disk of {disk}/" in run.stderr
    assert "Traceback" not in run.stderr
    assert (run.returncode, run.stdout.split()) == (1, [f"{disk}/.lock"])
    await verify_stores(site.settings(), [SERVICE], ["32"], QUIET)


async def write(site: BackupSite, work: Callable[[Connection], object]) -> None:
    database = Database(site.url)
    await database.write(work)
    await database.close()


def back_up_to_small_disk(site: BackupSite, disk: Path) -> "subprocess.CompletedProcess[str]":
    """Run a backup to a disk of 128 kB; its standard output lists the files there afterwards."""
    disk.mkdir()
    command = [*MOUNT_NAMESPACE, "sh", "-c", BACK_UP_TO_A_SMALL_DISK, "backup", str(disk), sys.executable]
    run = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, env=environment(site))
    if run.returncode == NO_MOUNT or "unshare" in run.stderr:
        pytest.skip(f"this machine does not let its users mount a disk of their own: {run.stderr.strip()}")
    return run


async def test_only_one_backup_writes_to_a_folder_and_only_its_owner_reads_it(site: BackupSite) -> None:
    await site.tap(1)
    backups = site.folder / "backups"
    assert back_up(site, backups).returncode == 0
    (folder,) = backups.glob("*Z")
    assert {path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir())} == {0o700, 0o600}
    with (backups / ".lock").open("w") as lock:
        assert try_lock(lock)
        run = back_up(site, backups)
    assert (run.returncode, "Another `piket backup` writes to" in run.stderr) == (1, True)


@pytest.mark.parts
@pytest.mark.parametrize("site", ["postgresql"], indirect=True)
async def test_no_password_is_an_argument_and_an_old_program_is_named(site: BackupSite, tmp_path: Path) -> None:
    await site.tap(2)
    programs, arguments = tmp_path / "programs", tmp_path / "arguments"
    programs.mkdir()
    for name in ("pg_dump", "pg_restore", "psql"):
        script = f'#!/bin/sh\nprintf "%s\\n" "$0 $*" >> {arguments}\nexec {shutil.which(name)} "$@"\n'
        (programs / name).write_text(script)
        (programs / name).chmod(0o755)
    path = {"PATH": f"{programs}:{os.environ['PATH']}"}
    backups = tmp_path / "backups"
    assert back_up(site, backups, **path).returncode == 0
    (folder,) = backups.glob("*Z")
    restored = piket(site, "restore", SERVICE, "--from", str(folder), "--replace", SERVICE, **path)
    assert restored.returncode == 0, restored.stderr
    password = psycopg.conninfo.conninfo_to_dict(site.url)["password"]
    called = arguments.read_text()
    assert {line.split()[0].rpartition("/")[2] for line in called.splitlines()} == {"pg_dump", "pg_restore", "psql"}
    assert str(password) not in called + restored.stderr

    (programs / "pg_dump").write_text('#!/bin/sh\necho "pg_dump (PostgreSQL) 9.6.24"\n')
    old = back_up(site, backups, **path)
    (programs / "pg_dump").unlink()
    absent = back_up(site, backups, PATH=str(programs))
    assert (old.returncode, absent.returncode) == (1, 1)
    assert "pg_dump is of PostgreSQL 9, older than the server" in old.stderr
    assert "pg_dump is not installed; install the package postgresql-client" in absent.stderr


async def test_a_backup_is_checked_without_a_store(site: BackupSite, tmp_path: Path) -> None:
    await site.tap(4)
    folder = site.back_up()
    run = piket(site, "verify", SERVICE, "--backup", str(folder), PIKET_STORE="sqlite:///nowhere/x.db")
    assert (run.returncode, "/piket/32/attendance: 4 events, no gap" in run.stderr) == (0, True), run.stderr
    file = folder / manifest_of(folder).file
    file.write_bytes(file.read_bytes()[:-1])
    run = piket(site, "verify", SERVICE, "--backup", str(folder))
    assert (run.returncode, "was changed or cut" in run.stderr) == (1, True)


async def test_every_region_is_verified_and_one_that_is_not_served_is_refused(site: BackupSite) -> None:
    await site.tap(2)
    await site.tap(1, region="3276")
    run = piket(site, "verify", SERVICE, PIKET_REGIONS="32,3276")
    assert (run.returncode, run.stderr.count("no gap")) == (0, 2), run.stderr
    empty = site.new_url()
    run = piket(site, "verify", PIKET_STORE=empty)
    assert (run.returncode, "There is no store of policy" in run.stderr) == (1, True), run.stderr
    assert site.restore(site.back_up(), empty) == empty  # it is still empty
    run = piket(site, "verify", SERVICE, "--region", "99")
    assert (run.returncode, "does not serve region 99" in run.stderr) == (1, True)
    await write(site, lambda connection: connection.execute("DELETE FROM event WHERE sequence = 2"))
    run = piket(site, "verify", SERVICE)
    assert (run.returncode, "/piket/32/attendance: broken at sequence 2" in run.stderr) == (1, True), run.stderr
