"""Tests what is said of a program of PostgreSQL that fails."""

import pytest

from deploy.backup.postgresql_programs import ProgramFailed, started


def end_with_unread_input() -> None:
    with started(("sh", "-c", "exec 0<&-; echo permission denied for database >&2; exit 1")) as program:
        program.process.wait()
        program.stdin.write(b"x")  # stays in the buffer, so closing it fails
        program.end()


def test_a_program_that_ends_before_it_has_read_everything_says_why() -> None:
    with pytest.raises(ProgramFailed, match="sh failed: permission denied for database"):
        end_with_unread_input()
