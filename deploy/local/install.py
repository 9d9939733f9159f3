"""Installs what Piket needs on this computer and says nothing when all is there.

`python3 deploy/local/install.py --for demo|test|test-faults|check|bench`, with the system's Python 3.11 or newer alone.
As root on Debian or Ubuntu it installs missing programs by apt-get; elsewhere it ends with a sentence that names them.
"""

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
OWN_UV = ROOT / ".cache" / "uv"
APT = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
APT_GET = ("apt-get", "--quiet", "--yes", "-o", "DPkg::Lock::Timeout=300", "--no-install-recommends")


def java_is_recent() -> bool:
    """Whether `java` is on the PATH and is 17 or newer."""
    if not shutil.which("java"):
        return False
    said = subprocess.run(["java", "-version"], check=False, capture_output=True, text=True).stderr
    version = re.search(r'version "(\d+)', said)
    return version is not None and int(version[1]) >= 17


def on_path(*names: str) -> Callable[[], bool]:
    """A probe for a program under any of these names."""
    return lambda: any(map(shutil.which, names))


def postgresql_is_installed() -> bool:
    """Whether a PostgreSQL server can be started: Debian keeps its programs off the PATH."""
    return any(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or on_path("initdb")()


def loads(library: str) -> Callable[[], bool]:
    """A probe for a shared library."""

    def is_there() -> bool:
        try:
            ctypes.CDLL(library)
        except OSError:
            return False
        return True

    return is_there


class Program(NamedTuple):
    """A program, how to tell that it is there, and the Debian package that brings it."""

    name: str
    is_there: Callable[[], bool]
    package: str


JAVA = Program("Java 17 or newer", java_is_recent, "default-jre-headless")
JAVAC = Program("a Java compiler", on_path("javac"), "default-jdk-headless")
MAVEN = Program("Maven", on_path("mvn"), "maven")
POSTGRESQL = Program("the PostgreSQL server", postgresql_is_installed, "postgresql")
CHROMIUM = Program("Chromium", on_path("chromium", "chromium-browser", "google-chrome"), "chromium")
# Playwright ships its own node, which needs it.
ATOMIC = Program("libatomic", loads("libatomic.so.1"), "libatomic1")
CURL = Program("curl", on_path("curl"), "curl")
KCAT = Program("kcat", on_path("kcat", "kafkacat"), "kcat")
NEEDED = {
    "check": (),
    "demo": (JAVA, MAVEN, CURL),
    "bench": (JAVA, JAVAC, MAVEN, POSTGRESQL),
    "test-faults": (JAVA, MAVEN),
    "test": (JAVA, MAVEN, CURL, KCAT, POSTGRESQL, CHROMIUM, ATOMIC),
}


def main() -> None:
    """Install the programs of one purpose, uv, and the locked Python packages into `.venv`."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--for", dest="purpose", choices=sorted(NEEDED), default="test")
    purpose = arguments.parse_args().purpose
    if sys.version_info < (3, 11):  # noqa: UP036 - this file alone may meet an older one
        give_up(f"Piket needs Python 3.11 or newer and this is {sys.version.split()[0]}.")
    install(NEEDED[purpose], purpose)
    sync(uv() or install_uv())


def install(programs: Sequence[Program], purpose: str) -> None:
    """Install the missing ones by apt-get, or end with a sentence that names them."""
    missing = [program for program in programs if not program.is_there()]
    if not missing:
        return
    packages = [program.package for program in missing]
    if can_install():
        apt_get(packages)
    absent = [program.name for program in missing if not program.is_there()]
    if absent:
        hint = f"on Debian or Ubuntu: sudo apt-get install {' '.join(packages)}"
        give_up(f"`make {purpose}` needs {', '.join(absent)}; please install and try again ({hint}).")


def can_install() -> bool:
    """Whether we may install system packages ourselves."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def apt_get(packages: Sequence[str]) -> None:
    """Install Debian packages, the log in `.cache/apt.log`; end with apt-get's own error when it fails."""
    tell(f"Installing {' '.join(packages)} by apt-get, once ...")
    log = ROOT / ".cache" / "apt.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("w") as out:
        for step in ("update",), ("install", *packages):
            command = [*APT_GET, *step]
            done = subprocess.run(
                command, check=False, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=os.environ | APT
            )
    if done.returncode != 0:
        last_words = "".join(log.read_text(errors="replace").splitlines(keepends=True)[-15:])
        give_up(f"apt-get could not install {' '.join(packages)}; the log is {log} and ends so:\n{last_words}")


def uv() -> Sequence[str] | None:
    """The command of a uv that answers: on the PATH, in this Python, or the one that we installed."""
    for command in ["uv"], [sys.executable, "-m", "uv"], [str(OWN_UV / "bin" / "uv")]:
        if shutil.which(command[0]) and run([*command, "--version"], quiet=True):
            return command
    return None


def install_uv() -> Sequence[str]:
    """Install uv from PyPI into `.cache/uv`, leaving the system's Python as it is; return its command."""
    if not has_module("ensurepip") and not has_module("pip") and can_install():
        apt_get(["python3-venv"])
    tell("Installing uv from PyPI, once ...")
    if has_module("ensurepip"):
        made = run([sys.executable, "-m", "venv", "--clear", str(OWN_UV)])
        made = made and run([str(OWN_UV / "bin" / "python"), "-m", "pip", "install", "--quiet", "uv"])
    else:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(OWN_UV), "uv"]
        made = has_module("pip") and run(pip)
    command = uv() if made else None
    if command is None:
        give_up("Piket needs uv; please install it (https://docs.astral.sh/uv) or Debian's python3-venv and try again.")
    return command


def has_module(name: str) -> bool:
    """Whether this Python can import a module: Debian leaves ensurepip and pip to packages of their own."""
    return run([sys.executable, "-c", f"import {name}"], quiet=True)


def sync(command: Sequence[str]) -> None:
    """Bring `.venv` to exactly what uv.lock says."""
    if not (ROOT / ".venv").exists():
        tell("Installing the locked Python packages into .venv, once ...")
    if not run([*command, "sync", "--locked", "--quiet", "--project", str(ROOT)]):
        give_up("uv could not install the Python packages that uv.lock names; what it said stands above.")


def run(command: Sequence[str], *, quiet: bool = False) -> bool:
    """Run a command to its end; whether it succeeded."""
    out = subprocess.DEVNULL if quiet else None
    return subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stdout=out, stderr=out).returncode == 0


def tell(line: str) -> None:
    """One line of progress."""
    print(line, file=sys.stderr, flush=True)


def give_up(sentence: str) -> NoReturn:
    """End with a sentence for the person at the terminal."""
    sys.exit(sentence)


if __name__ == "__main__":
    main()
