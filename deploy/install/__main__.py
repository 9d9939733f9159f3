"""Installs the programs and Python packages that Piket needs on this computer; prints nothing if none is missing.

`python3 -m deploy.install --for check` needs only the system's Python 3.11 or newer; `--help` lists other purposes.
As root on Debian or Ubuntu it installs missing programs with apt-get; otherwise it exits and names them.
"""

# An older Python would not read the annotations, and so not reach the message of `main`.
from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Sequence
from typing import NoReturn

from deploy.install.debian import apt_get, can_install, disable_service
from deploy.install.programs import OPTIONAL_PROGRAMS, PROGRAMS, Program
from deploy.install.progress import ROOT, print_progress

UV_FOLDER = ROOT / ".cache" / "uv"


def main() -> None:
    """Install the programs of one purpose, uv, and the locked Python packages into `.venv`."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--for", dest="purpose", choices=sorted(PROGRAMS), default="test")
    purpose = arguments.parse_args().purpose
    if sys.version_info < (3, 11):  # noqa: UP036 - only this file may run on an older Python
        exit_with(f"Piket needs Python 3.11 or newer and this is {sys.version.split()[0]}.")
    install(PROGRAMS[purpose], purpose)
    # Without these the purpose is fulfilled in part, so an error of apt-get is only in its log.
    add_packages(OPTIONAL_PROGRAMS.get(purpose, ()))
    sync(uv() or install_uv())


def install(programs: Sequence[Program], purpose: str) -> None:
    """Install the missing programs with apt-get, or exit with a message that names them."""
    packages = " ".join(program.package for program in absent(programs))
    error = add_packages(programs)
    if missing := absent(programs):
        names, hint = ", ".join(program.name for program in missing), f"sudo apt-get install {packages}"
        exit_with(
            error or f"`make {purpose}` needs {names}; please install and try again (on Debian or Ubuntu: {hint})."
        )


def absent(programs: Sequence[Program]) -> Sequence[Program]:
    """Return the programs that are not installed."""
    return [program for program in programs if not program.is_installed()]


def add_packages(programs: Sequence[Program]) -> str:
    """Install the Debian packages of the absent programs if this process may; return the error of apt-get or ''."""
    missing = absent(programs)
    if not missing or not can_install():
        return ""
    error = apt_get([program.package for program in missing])
    for program in missing:
        if program.service and not error:
            disable_service(program.package)
    return error


def uv() -> Sequence[str] | None:
    """Return the command of a working uv: on the PATH, in this Python, or in `.cache/uv`; None if there is none."""
    for command in ["uv"], [sys.executable, "-m", "uv"], [str(UV_FOLDER / "bin" / "uv")]:
        if shutil.which(command[0]) and run([*command, "--version"], quiet=True):
            return command
    return None


def install_uv() -> Sequence[str]:
    """Install uv from PyPI into `.cache/uv`, without changing the system's Python. Return its command."""
    if not has_module("ensurepip") and not has_module("pip") and can_install():
        apt_get(["python3-venv"])  # an error shows below: there is still no uv
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


def exit_with(message: str) -> NoReturn:
    """Exit with status 1 and a message."""
    sys.exit(message)


if __name__ == "__main__":
    main()
