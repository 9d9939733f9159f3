"""Lists the programs that each purpose needs, and checks whether they are installed."""

# An older Python would not read the annotations, and so not reach the message of `deploy.install`.
from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple


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


def helper_of_podman(name: str) -> Callable[[], bool]:
    """Return a check for a program that podman starts and Debian keeps beside it instead of on the PATH."""
    return lambda: on_path(name)() or Path("/usr/lib/podman", name).exists()


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
    """A program, the check whether it is installed, and its Debian package. `service`: the package starts one."""

    name: str
    is_installed: Callable[[], bool]
    package: str
    service: bool = False


JAVA = Program("Java 17 or newer", java_is_recent, "default-jre-headless")
JAVAC = Program("a Java compiler", on_path("javac"), "default-jdk-headless")
MAVEN = Program("Maven", on_path("mvn"), "maven")
POSTGRESQL = Program("the PostgreSQL server", postgresql_is_installed, "postgresql")
CHROMIUM = Program("Chromium", on_path("chromium", "chromium-browser", "google-chrome"), "chromium")
# Playwright ships its own node, which needs this library.
ATOMIC = Program("libatomic", library_loads("libatomic.so.1"), "libatomic1")
CURL = Program("curl", on_path("curl"), "curl")
KCAT = Program("kcat", on_path("kcat", "kafkacat"), "kcat")
PROMETHEUS = Program("Prometheus", on_path("prometheus"), "prometheus", service=True)
ALERTMANAGER = Program(
    "Alertmanager", on_path("prometheus-alertmanager", "alertmanager"), "prometheus-alertmanager", service=True
)
GO = Program("Go 1.26 or newer", on_path("go"), "golang-go")
ETCD = Program("etcd", on_path("etcd"), "etcd-server", service=True)
OPENSSL = Program("OpenSSL", on_path("openssl"), "openssl")
# A Docker-compatible engine without a Docker service: podman with runc and its network programs. mmdebstrap builds the
# bases of the stand-in images.
ENGINE = (
    Program("podman", on_path("podman"), "podman"),
    Program("Buildah", on_path("buildah"), "buildah"),
    Program("runc", on_path("runc"), "runc"),
    Program("conmon", on_path("conmon"), "conmon"),
    Program("Netavark", helper_of_podman("netavark"), "netavark"),
    Program("Aardvark DNS", helper_of_podman("aardvark-dns"), "aardvark-dns"),
    Program("catatonit", helper_of_podman("catatonit"), "catatonit"),
    Program("iptables", on_path("iptables"), "iptables"),
    Program("mmdebstrap", on_path("mmdebstrap"), "mmdebstrap"),
)
PROGRAMS = {
    "check": (),
    "demo": (JAVA, MAVEN, CURL, KCAT),
    "bench": (JAVA, JAVAC, MAVEN, POSTGRESQL),
    "test-faults": (JAVA, MAVEN),
    "test": (JAVA, MAVEN, CURL, KCAT, POSTGRESQL, CHROMIUM, ATOMIC, PROMETHEUS, ALERTMANAGER),
    "test-kubernetes": (MAVEN, GO, ETCD),
    "test-compose": (JAVA, MAVEN, CURL, OPENSSL, *ENGINE),
}
OPTIONAL_PROGRAMS = {"demo": (PROMETHEUS, ALERTMANAGER)}
"""Programs without which a purpose is fulfilled in part: the demo goes on without its monitoring."""
