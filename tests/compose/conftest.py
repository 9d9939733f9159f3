"""Provides an engine, the images and the running stack, once for all tests of this folder."""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.compose.engine import CACHE, Engine
from tests.compose.images import build_product, build_stand_ins
from tests.compose.realm import Realm
from tests.compose.stack import Stack

FIRST_TIME_S = 3600
"""Images and stand-ins are built within the first test."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test of this folder the time in which all images can be built."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(FIRST_TIME_S))


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    if os.geteuid() != 0:
        pytest.fail("The containers need networks and mounts: run `make test-compose` as root.")
    CACHE.mkdir(parents=True, exist_ok=True)
    # One run at a time: the images, and the names of the containers, are the same for all.
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with Engine() as running:
            build_stand_ins(running)
            build_product(running)
            yield running


@pytest.fixture(scope="session")
def stack(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(engine, tmp_path_factory.mktemp("stack"))
    stack.down()  # what a run that was killed has left
    try:
        yield stack
    finally:
        stack.down()


@pytest.fixture(scope="session")
def core(stack: Stack) -> Stack:
    """The stack with the profile core."""
    stack.first_up_s = stack.up("core")
    return stack


@pytest.fixture(scope="session")
def whole(core: Stack) -> Stack:
    """The stack with all profiles but the demo."""
    core.up("core", "identity", "observability")
    return core


@pytest.fixture(scope="session")
def realm(whole: Stack) -> Iterator[Realm]:
    with (
        httpx.Client(base_url=whole.url, verify=whole.tls(), timeout=30) as public,
        httpx.Client(base_url=f"http://127.0.0.1:{whole.admin_port}", timeout=30) as admin,
    ):
        realm = Realm(public, admin, whole.secret("keycloak_admin_password"))
        realm.prepare()
        yield realm
