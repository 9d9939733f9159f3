"""Serves the metrics of a process on a port and thread of its own, those of a region under a path of its own."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from http import HTTPStatus
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import GC_COLLECTOR, PLATFORM_COLLECTOR, REGISTRY, CollectorRegistry, Gauge, make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer

VERSION = "0.1.0"
"""As in pyproject.toml."""
REGION_REGISTRIES: dict[str, CollectorRegistry] = {}
"""By region: the registry that `/metrics/{region}` serves. So a scrape stays small, however many regions there are."""

BUILD = Gauge("piket_build_info", "1 with the version of the program", ("service", "version"))


class PortTaken(Exception):
    """The port for metrics is in use, or this process may not open it."""


class _SilentHandler(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Log nothing: a scrape every few seconds is not news."""


def serve_metrics(port: int, service: str, host: str = "127.0.0.1") -> Callable[[], None]:
    """Serve `/metrics` and `/metrics/{region}` for a process; return a function that stops it. Port 0: a free port.

    `service` names the process in `piket_build_info`. Raises `PortTaken`.
    """
    try:
        server = make_server(host, port, _answer, ThreadingWSGIServer, handler_class=_SilentHandler)
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


def _answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # noqa: ANN401 - WSGI
    registry = _registry(environ.get("PATH_INFO", ""))
    if registry is None:
        start_response(f"{HTTPStatus.NOT_FOUND.value} Not Found", [("Content-Type", "text/plain")])
        return [b"Metrics are at /metrics and /metrics/{region}.\n"]
    return make_wsgi_app(registry)(environ, start_response)  # type: ignore[no-any-return]


def _registry(path: str) -> CollectorRegistry | None:
    match path.strip("/").split("/"):
        case ["metrics"]:
            return REGISTRY
        case ["metrics", region]:
            return REGION_REGISTRIES.get(region)
    return None
