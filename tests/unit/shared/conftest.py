"""Provides the log of a service to the tests of this folder."""

import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from shared import telemetry


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Configure logging as a service does, into the lines that are yielded, and undo it afterwards."""
    stream, before = io.StringIO(), structlog.get_config()
    telemetry.configure_logging("attendance", stream=stream)
    yield stream
    structlog.configure(**before)
    structlog.contextvars.clear_contextvars()
    logging.basicConfig(force=True)
