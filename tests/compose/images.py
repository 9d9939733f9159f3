"""Builds the stand-in images, under the names of the official ones, and the images of Piket."""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

from deploy.install.__main__ import uv
from deploy.install.progress import ROOT, print_progress
from deploy.local import kafka_jars
from tests.compose.engine import CACHE, Engine

STAND_INS = Path(__file__).parent / "standins"
FETCHED = CACHE / "fetched"
"""Root file systems and archives that were fetched once."""
CERTIFICATES = os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")
KEYCLOAK = "26.7.3"
KEYCLOAK_ARTIFACT = f"org.keycloak:keycloak-quarkus-dist:{KEYCLOAK}:zip"
UV_IMAGE = "ghcr.io/astral-sh/uv:0.13.9"

OFFICIAL_NAMES: Mapping[str, str] = {
    "java": "localhost/standin/java",
    "python": "docker.io/library/python:3.11-slim-trixie",
    "kafka": "docker.io/apache/kafka:4.3.1",
    "postgres": "docker.io/library/postgres:17",
    "caddy": "docker.io/library/caddy:2",
    "prometheus": "docker.io/prom/prometheus:v3.5.0",
    "alertmanager": "docker.io/prom/alertmanager:v0.28.1",
    "grafana": "docker.io/grafana/grafana:12.2.0",
    "keycloak": "quay.io/keycloak/keycloak:26.7",
}
"""Stand-ins in the order in which they are built."""
SUITES = ("bookworm", "trixie")
SERVICES = ("policy", "roster", "attendance", "reporting", "worker", "relay", "operations")
STARTS_A_SERVER = frozenset({"kafka"})
"""Chroot isolation shares the network of this computer: what starts a server while it is built gets its own."""
ALONE = ("unshare", "--net", "sh", "-c", 'ip link set lo up; exec "$@"', "sh")


def build_stand_ins(engine: Engine) -> None:
    """Build the missing stand-ins. The first time takes minutes; they stay in the cache."""
    FETCHED.mkdir(parents=True, exist_ok=True)
    for suite in SUITES:
        if not exists(engine, f"localhost/standin/debian:{suite}"):
            _import_debian(engine, suite)
    if not exists(engine, UV_IMAGE):
        _build_uv(engine)
    for kind, name in OFFICIAL_NAMES.items():
        if not exists(engine, name):
            print_progress(f"Building a stand-in for {name} (only once) ...")
            build(engine, _context(kind), name, alone=kind in STARTS_A_SERVER)


def build_product(engine: Engine) -> None:
    """Build the images of Piket from this working tree. Layers that did not change are taken from the cache."""
    for service in SERVICES:
        file = ROOT / "deploy" / "images" / "Dockerfile"
        build(engine, ROOT, f"localhost/piket/{service}:dev", f"--file={file}", f"--build-arg=SERVICE={service}")
    keycloak = ROOT / "deploy" / "images" / "keycloak.Dockerfile"
    build(engine, ROOT, "localhost/piket/keycloak:dev", f"--file={keycloak}")
    # Unnamed images of earlier builds would fill the disk.
    engine.run("podman", "image", "prune", "--force")


def exists(engine: Engine, image: str) -> bool:
    """Return whether the engine has an image."""
    return bool(engine.run("podman", "images", "--quiet", "--filter", f"reference={image}").strip())


def build(engine: Engine, context: Path, name: str, *options: str, alone: bool = False) -> None:
    """Build an image from a folder with Buildah, without pulling anything."""
    # Podman reads the health check of an image in Docker's format only. The certificates of this computer are mounted,
    # so that the build trusts the same authorities as this computer; they do not become part of the image.
    command = ["buildah", "bud", "--quiet", "--isolation=chroot", "--network=host", "--format=docker", "--pull-never"]
    command += ["--layers", f"--volume={CERTIFICATES}:/etc/ssl/certs/ca-certificates.crt:ro", f"--tag={name}"]
    engine.run(
        *(ALONE if alone else ()), "nice", *command, *options, str(context), variables={"BUILDAH_FORMAT": "docker"}
    )


def _import_debian(engine: Engine, suite: str) -> None:
    archive = FETCHED / f"{suite}.tar"
    if not archive.exists():
        print_progress(f"Fetching a minimal Debian {suite} (only once) ...")
        lines = engine.run("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages").splitlines()
        part = archive.with_suffix(".part")
        options = ("--quiet", "--variant=minbase", "--include=ca-certificates", "--format=tar")
        engine.run("mmdebstrap", *options, suite, str(part), lines[0])
        part.rename(archive)
    engine.run("podman", "import", "--quiet", str(archive), f"localhost/standin/debian:{suite}")


def _build_uv(engine: Engine) -> None:
    """Build an image like uv's own, which holds two static programs; PyPI's package brings the same."""
    context = _empty_context("uv")
    wheel, package = context / "wheel", f"uv=={UV_IMAGE.rpartition(':')[2]}"
    installer = uv() or [sys.executable, "-m", "uv"]
    command = [*installer, "pip", "install", "--quiet", "--target", str(wheel), package]
    subprocess.run(command, check=True)
    for program in ("uv", "uvx"):
        shutil.copy(wheel / "bin" / program, context)
    (context / "Dockerfile").write_text("FROM scratch\nCOPY uv uvx /\n")
    shutil.rmtree(wheel)
    engine.run("buildah", "bud", "--quiet", "--format=docker", f"--tag={UV_IMAGE}", str(context))


def _context(kind: str) -> Path:
    context = _empty_context(kind)
    shutil.copytree(STAND_INS / kind, context, dirs_exist_ok=True)
    if kind == "kafka":
        kafka_jars.class_path(kafka_jars.cache())
        shutil.copytree(kafka_jars.cache() / "jars", context / "libs")
    if kind == "keycloak":
        _unpack_keycloak(context)
    return context


def _empty_context(kind: str) -> Path:
    context = CACHE / "contexts" / kind
    shutil.rmtree(context, ignore_errors=True)
    context.mkdir(parents=True)
    return context


def _unpack_keycloak(context: Path) -> None:
    archive = FETCHED / f"keycloak-quarkus-dist-{KEYCLOAK}.zip"
    if not archive.exists():
        print_progress(f"Fetching Keycloak {KEYCLOAK} from Maven Central, 177 MB (only once) ...")
        goal = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
        options = (goal, f"-Dartifact={KEYCLOAK_ARTIFACT}", f"-DoutputDirectory={FETCHED}")
        subprocess.run(["mvn", "--batch-mode", "--quiet", *options], check=True, stdin=subprocess.DEVNULL)
    with zipfile.ZipFile(archive) as content:
        content.extractall(context)
    (context / f"keycloak-{KEYCLOAK}").rename(context / "dist")
    for script in (context / "dist" / "bin").glob("*.sh"):
        script.chmod(0o755)
