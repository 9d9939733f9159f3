"""Starts services: reads settings, checks the stores, serves metrics, and serves HTTP until SIGTERM."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import NoReturn

from fastapi import FastAPI
from starlette.types import ASGIApp

from shared import background
from shared.event_store.database import Database, Unavailable
from shared.failures import START_MESSAGES, Messages, exit_with_message, unavailable_message
from shared.identity import UnusableKeySet
from shared.metrics.server import serve_metrics
from shared.settings import Settings
from shared.settings.unknown_variables import log_unknown_variables
from shared.telemetry import configure_logging
from shared.tracing.setup import configure_tracing, stop_tracing
from shared.web.server.run import FINISH_WITHIN_S, run_server

CreateApp = Callable[[Settings], FastAPI]
MESSAGES: Messages = {**START_MESSAGES, Unavailable: unavailable_message, UnusableKeySet: str}


def main(service: str, create: CreateApp) -> NoReturn:
    """Serve one service as this process, and end it. The exit status is 0 after SIGTERM."""
    # Until the server takes over: a container's first process would ignore SIGTERM, and a store may not answer.
    signal.signal(signal.SIGTERM, _exit_at_once)
    configure_logging(service)
    log_unknown_variables()
    with exit_with_message(MESSAGES):
        settings = Settings()
        serve(service, {service: create}, lambda apps: apps[service], settings)
    sys.exit(os.EX_SOFTWARE if background.has_failed() else os.EX_OK)


def _exit_at_once(*_: object) -> NoReturn:
    background.end_within(FINISH_WITHIN_S)
    sys.exit(os.EX_OK)


def serve(
    process: str,
    creators: Mapping[str, CreateApp],
    join: Callable[[Mapping[str, FastAPI]], ASGIApp],
    settings: Settings,
) -> None:
    """Serve services in this process until SIGTERM. `join` makes one application of theirs, which are given by name.

    Raises `Unavailable` if a store does not answer, `PortTaken`, and what the creators raise.
    """
    configure_tracing(process)
    asyncio.run(check_stores(settings, creators))
    apps = {service: create(settings) for service, create in creators.items()}
    serve_metrics(settings.metrics_port, process, settings.metrics_host)
    try:
        run_server(join(apps), settings, settings.host, settings.port)
    finally:
        stop_tracing()


async def check_stores(settings: Settings, services: Iterable[str]) -> None:
    """Raise `Unavailable` if the store of a service does not answer. Call this before serving from it."""
    for service in services:
        database = Database(settings.store_url(service))
        try:
            await database.read("SELECT 1")  # connects without creating tables
        finally:
            await database.close()
