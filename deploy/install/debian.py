"""Installs Debian packages with apt-get, without starting the system services that some of them bring."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.install.progress import ROOT, print_progress

APT = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
# The lock timeout waits for another apt, such as the automatic updates after a boot, instead of failing.
APT_GET = ("apt-get", "--quiet", "--yes", "-o", "DPkg::Lock::Timeout=300", "--no-install-recommends")
SERVICE_POLICY = Path("/usr/sbin/policy-rc.d")
"""The program that Debian's packages ask whether they may start a service."""


def can_install() -> bool:
    """Return whether this process may install system packages."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def apt_get(packages: Sequence[str]) -> str:
    """Install Debian packages and return apt-get's own error, '' if it succeeded. The log is `.cache/apt.log`."""
    print_progress(f"Installing {' '.join(packages)} by apt-get (only once) ...")
    log = ROOT / ".cache" / "apt.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("w") as out, refused_service_starts():
        for step in ("update",), ("install", *packages):
            command = [*APT_GET, *step]
            completed = subprocess.run(
                command, check=False, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=os.environ | APT
            )
    # Only the result of `install` counts: it may succeed with the lists of an earlier update.
    if completed.returncode == 0:
        return ""
    log_tail = "".join(log.read_text(errors="replace").splitlines(keepends=True)[-15:])
    return f"apt-get could not install {' '.join(packages)}; the log is {log}. Its last lines:\n{log_tail}"


def disable_service(name: str) -> None:
    """Let a service that was just installed not start with this computer either: Piket starts its own."""
    subprocess.run(["update-rc.d", name, "disable"], check=False, capture_output=True, stdin=subprocess.DEVNULL)


@contextmanager
def refused_service_starts(policy: Path = SERVICE_POLICY) -> Iterator[None]:
    """Refuse every start of a system service inside the block, unless this computer has a policy already."""
    if policy.exists():
        yield
        return
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink()
