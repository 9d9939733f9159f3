"""Serves metrics and health of a process on a port and thread of its own, those of a region under a path of its own."""

import json
import tomllib
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from pathlib import Path
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import GC_COLLECTOR, PLATFORM_COLLECTOR, REGISTRY, CollectorRegistry, Gauge, make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer

from shared.health.readiness import UP, Report

VERSION: str = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]["version"]
"""The version of this release, which stands in pyproject.toml only."""
REGION_REGISTRIES: dict[str, CollectorRegistry] = {}
"""By region: the registry that `/metrics/{region}` serves. So a scrape stays small, however many regions there are."""

BUILD = Gauge("piket_build_info", "1 with the version of the program", ("service", "version"))


class PortTaken(Exception):
    """The port for metrics is in use, or this process may not open it."""


class _SilentHandler(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Log nothing: a scrape every few seconds is not news."""


def serve_metrics(
    port: int, service: str, host: str = "127.0.0.1", readiness: Callable[[], Report] | None = None
) -> Callable[[], None]:
    """Serve `/metrics` and `/metrics/{region}` for a process; return a function that stops it. Port 0: a free port.

    `service` names the process in `piket_build_info`. With `readiness`, which is called in another thread than the
    event loop's, also `/healthz` and `/readyz`. Raises `PortTaken`.
    """
    try:
        server = make_server(host, port, partial(_answer, readiness), ThreadingWSGIServer, handler_class=_SilentHandler)
    except OSError as taken:
        raise PortTaken(
            f"Port {port} of {host} cannot be used ({taken}). Choose another PIKET_METRICS_PORT."
        ) from taken
    BUILD.labels(service, VERSION).set(1)
    for collector in GC_COLLECTOR, PLATFORM_COLLECTOR:  # nobody watches the garbage collector or the Python version
        with suppress(KeyError):  # a process of tests serves several times
            REGISTRY.unregister(collector)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return stop


def _answer(
    readiness: Callable[[], Report] | None,
    environ: dict[str, Any],
    start_response: Any,  # noqa: ANN401 - WSGI
) -> Iterable[bytes]:
    match environ.get("PATH_INFO", "").strip("/").split("/"):
        case ["healthz"] if readiness:
            return _answer_json(start_response, HTTPStatus.OK, UP)
        case ["readyz"] if readiness:
            return _answer_json(start_response, *readiness())
        case ["metrics"]:
            return make_wsgi_app(REGISTRY)(environ, start_response)  # type: ignore[no-any-return]
        case ["metrics", region] if region in REGION_REGISTRIES:
            return make_wsgi_app(REGION_REGISTRIES[region])(environ, start_response)  # type: ignore[no-any-return]
    start_response(f"{HTTPStatus.NOT_FOUND.value} Not Found", [("Content-Type", "text/plain")])
    return [b"Metrics are at /metrics and /metrics/{region}.\n"]


def _answer_json(start_response: Any, status: HTTPStatus, body: Mapping[str, Any]) -> Iterable[bytes]:  # noqa: ANN401 - WSGI
    start_response(f"{status.value} {status.phrase}", [("Content-Type", "application/json")])
    return [json.dumps(body).encode()]
