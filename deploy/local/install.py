"""Installs the programs and Python packages that Piket needs on this computer; prints nothing if none is missing.

`python3 deploy/local/install.py --for demo|test|test-faults|check|bench` needs only the system's Python 3.11 or newer.
As root on Debian or Ubuntu it installs missing programs with apt-get; otherwise it exits and names them.
"""

# An older Python would not read the annotations, and so not reach the message of `main`.
from __future__ import annotations

import argparse
import ctypes
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

ROOT = Path(__file__).resolve().parents[2]
UV_FOLDER = ROOT / ".cache" / "uv"
APT = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
# The lock timeout waits for another apt, such as the automatic updates after a boot, instead of failing.
APT_GET = ("apt-get", "--quiet", "--yes", "-o", "DPkg::Lock::Timeout=300", "--no-install-recommends")


def java_is_recent() -> bool:
    """Return whether `java` is on the PATH and is version 17 or newer."""
    if not shutil.which("java"):
        return False
    # Java prints its version to stderr.
    version_text = subprocess.run(["java", "-version"], check=False, capture_output=True, text=True).stderr
    version = re.search(r'version "(\d+)', version_text)
    return version is not None and int(version[1]) >= 17


def on_path(*names: str) -> Callable[[], bool]:
    """Return a check for a program with one of these names."""
    return lambda: any(map(shutil.which, names))


def postgresql_is_installed() -> bool:
    """Return whether a PostgreSQL server is installed. Debian does not put its programs on the PATH."""
    return any(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or on_path("initdb")()


def library_loads(library: str) -> Callable[[], bool]:
    """Return a check for a shared library."""

    def can_load() -> bool:
        try:
            ctypes.CDLL(library)
        except OSError:
            return False
        return True

    return can_load


class Program(NamedTuple):
    """A program, the check whether it is installed, and its Debian package."""

    name: str
    is_installed: Callable[[], bool]
    package: str


JAVA = Program("Java 17 or newer", java_is_recent, "default-jre-headless")
JAVAC = Program("a Java compiler", on_path("javac"), "default-jdk-headless")
MAVEN = Program("Maven", on_path("mvn"), "maven")
POSTGRESQL = Program("the PostgreSQL server", postgresql_is_installed, "postgresql")
CHROMIUM = Program("Chromium", on_path("chromium", "chromium-browser", "google-chrome"), "chromium")
# Playwright ships its own node, which needs this library.
ATOMIC = Program("libatomic", library_loads("libatomic.so.1"), "libatomic1")
CURL = Program("curl", on_path("curl"), "curl")
KCAT = Program("kcat", on_path("kcat", "kafkacat"), "kcat")
PROGRAMS = {
    "check": (),
    "demo": (JAVA, MAVEN, CURL, KCAT),
    "bench": (JAVA, JAVAC, MAVEN, POSTGRESQL),
    "test-faults": (JAVA, MAVEN),
    "test": (JAVA, MAVEN, CURL, KCAT, POSTGRESQL, CHROMIUM, ATOMIC),
}


def main() -> None:
    """Install the programs of one purpose, uv, and the locked Python packages into `.venv`."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--for", dest="purpose", choices=sorted(PROGRAMS), default="test")
    purpose = arguments.parse_args().purpose
    if sys.version_info < (3, 11):  # noqa: UP036 - only this file may run on an older Python
        exit_with(f"Piket needs Python 3.11 or newer and this is {sys.version.split()[0]}.")
    install(PROGRAMS[purpose], purpose)
    sync(uv() or install_uv())


def install(programs: Sequence[Program], purpose: str) -> None:
    """Install the missing programs with apt-get, or exit with a message that names them."""
    missing = [program for program in programs if not program.is_installed()]
    if not missing:
        return
    packages = [program.package for program in missing]
    if can_install():
        apt_get(packages)
    absent = [program.name for program in missing if not program.is_installed()]
    if absent:
        hint = f"on Debian or Ubuntu: sudo apt-get install {' '.join(packages)}"
        exit_with(f"`make {purpose}` needs {', '.join(absent)}; please install and try again ({hint}).")


def can_install() -> bool:
    """Return whether this process may install system packages."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def apt_get(packages: Sequence[str]) -> None:
    """Install Debian packages; the log is `.cache/apt.log`. Exit with apt-get's own error if it fails."""
    print_progress(f"Installing {' '.join(packages)} by apt-get (only once) ...")
    log = ROOT / ".cache" / "apt.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("w") as out:
        for step in ("update",), ("install", *packages):
            command = [*APT_GET, *step]
            completed = subprocess.run(
                command, check=False, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=os.environ | APT
            )
    # Only the result of `install` counts: it may succeed with the lists of an earlier update.
    if completed.returncode != 0:
        log_tail = "".join(log.read_text(errors="replace").splitlines(keepends=True)[-15:])
        exit_with(f"apt-get could not install {' '.join(packages)}; the log is {log}. Its last lines:\n{log_tail}")


def uv() -> Sequence[str] | None:
    """Return the command of a working uv: on the PATH, in this Python, or in `.cache/uv`; None if there is none."""
    for command in ["uv"], [sys.executable, "-m", "uv"], [str(UV_FOLDER / "bin" / "uv")]:
        if shutil.which(command[0]) and run([*command, "--version"], quiet=True):
            return command
    return None


def install_uv() -> Sequence[str]:
    """Install uv from PyPI into `.cache/uv`, without changing the system's Python. Return its command."""
    if not has_module("ensurepip") and not has_module("pip") and can_install():
        apt_get(["python3-venv"])
    print_progress("Installing uv from PyPI (only once) ...")
    if has_module("ensurepip"):
        succeeded = run([sys.executable, "-m", "venv", "--clear", str(UV_FOLDER)])
        succeeded = succeeded and run([str(UV_FOLDER / "bin" / "python"), "-m", "pip", "install", "--quiet", "uv"])
    else:
        # Without ensurepip a new venv has no pip: the pip of this Python installs into a folder.
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(UV_FOLDER), "uv"]
        succeeded = has_module("pip") and run(pip)
    command = uv() if succeeded else None
    if command is None:
        exit_with(
            "Piket needs uv; please install it (https://docs.astral.sh/uv) or Debian's python3-venv and try again."
        )
    return command


def has_module(name: str) -> bool:
    """Return whether this Python can import a module. On Debian, ensurepip and pip are separate packages."""
    return run([sys.executable, "-c", f"import {name}"], quiet=True)


def sync(command: Sequence[str]) -> None:
    """Install exactly the packages of uv.lock into `.venv`."""
    if not (ROOT / ".venv").exists():
        print_progress("Installing the locked Python packages into .venv (only once) ...")
    # --locked: fails if uv.lock does not fit pyproject.toml, instead of changing it.
    if not run([*command, "sync", "--locked", "--quiet", "--project", str(ROOT)]):
        exit_with("uv could not install the Python packages that uv.lock names; its messages are above.")


def run(command: Sequence[str], *, quiet: bool = False) -> bool:
    """Run a command and return whether it succeeded."""
    out = subprocess.DEVNULL if quiet else None
    return subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stdout=out, stderr=out).returncode == 0


def print_progress(line: str) -> None:
    """Print one line of progress."""
    print(line, file=sys.stderr, flush=True)


def exit_with(message: str) -> NoReturn:
    """Exit with status 1 and a message."""
    sys.exit(message)


if __name__ == "__main__":
    main()
