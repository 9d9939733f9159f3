"""Runs `pg_dump`, `pg_restore` and `psql`, which end with this process and get passwords by their environment."""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO, NamedTuple, cast

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from deploy.local.server_process import end_guard, start_guard


class ProgramFailed(Exception):
    """A program of PostgreSQL is missing, too old, or ended with an error. The message holds no password."""


class RunningProgram(NamedTuple):
    """A program of PostgreSQL: its name, its process, and its standard streams as bytes."""

    name: str
    process: "subprocess.Popen[bytes]"
    stdin: IO[bytes]
    stdout: IO[bytes]
    stderr: IO[bytes]

    def end(self) -> None:
        """Wait until the program has ended. Raise `ProgramFailed` with its error output if it failed."""
        if self.process.wait() == 0:
            return
        self.stderr.seek(0)
        lines = self.stderr.read().decode(errors="replace").strip().splitlines()
        raise ProgramFailed(f"{self.name} failed: {' '.join(lines[:3]) or self.process.returncode}")


def require_version(program: str, server: int) -> None:
    """Raise `ProgramFailed` if a program is not installed, or older than a server of this major version."""
    match = re.search(r"\) (\d+)", _version(program))
    version = int(match[1]) if match else 0
    if version < server:
        raise ProgramFailed(
            f"{program} is of PostgreSQL {version}, older than the server, which is {server}; install the package"
            f" postgresql-client-{server}, and put its programs first on the PATH"
        )


def _version(program: str) -> str:
    try:
        return subprocess.run([program, "--version"], check=False, capture_output=True, text=True).stdout
    except FileNotFoundError as error:
        raise ProgramFailed(f"{program} is not installed; install the package postgresql-client") from error


@contextmanager
def started(command: Sequence[str], url: str = "") -> Iterator[RunningProgram]:
    """Start a program with the database of an address, and kill it at the end of the block if it still runs.

    The password is in its environment, because every user of the machine can read its arguments.
    """
    options = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    password = options.pop("password", "")
    environment = {**os.environ, **({"PGPASSWORD": password} if password else {})}
    database = [f"--dbname={make_conninfo(**options)}"] if options else []
    guard = start_guard()  # kills the program if this process is killed
    try:
        with (
            tempfile.TemporaryFile() as stderr,  # a file, because nobody would empty a pipe while the program runs
            subprocess.Popen(
                [*command, *database], env=environment, process_group=guard.pid,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr,
            ) as process,
        ):  # fmt: skip
            streams = cast("tuple[IO[bytes], IO[bytes]]", (process.stdin, process.stdout))
            try:
                yield RunningProgram(command[0], process, *streams, stderr)
            finally:
                process.kill()
                # What a program that has failed did not read: closing it must not hide why it failed.
                with suppress(BrokenPipeError):
                    streams[0].close()
    finally:
        end_guard(guard)
