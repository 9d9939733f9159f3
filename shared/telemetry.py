"""Logs as JSON without people in them, and metrics on a port of their own."""

import logging
import re
import sys
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, TextIO

import structlog
from prometheus_client import CollectorRegistry, disable_created_metrics, start_http_server

COORDINATES = frozenset({"lat", "lng", "lon", "latitude", "longitude"})
_HIDDEN = (
    # 18 digits, also grouped as on a name tag: birth date, appointment, sex, number.
    (re.compile(r"(?<!\d)\d{8}[ .-]?\d{6}[ .-]?\d[ .-]?\d{3}(?!\d)"), "[nip]"),
    (re.compile(r"(?i)\bbearer\s+[\w.~+/=-]+"), "[token]"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), "[token]"),
    (re.compile(r"(?i)\b(lat|lng|lon|latitude|longitude)\b(\\?[\"']?\s*[:=]\s*)-?\d+(\.\d+)?"), r"\1\2[coordinate]"),
    (re.compile(r"-?\d{1,3}\.\d{3,}\s*[,;]\s*-?\d{1,3}\.\d{3,}"), "[coordinate]"),
)


def redact(_: object, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Processor: hide NIP, coordinates and bearer tokens wherever they stand. Over-hiding is fine, a leak is not."""
    return {_text(key): _hidden(key, value) for key, value in event.items()}


def _hidden(key: str, value: Any) -> Any:  # noqa: ANN401 - whatever is logged
    if key.lower() in COORDINATES:
        return "[coordinate]"
    if isinstance(value, Mapping):
        return {_text(str(k)): _hidden(str(k), v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_hidden("", each) for each in value]
    return value if value is None or isinstance(value, bool | float) else _text_or_number(value)


def _text_or_number(value: object) -> object:
    text = _text(str(value))
    return value if isinstance(value, int) and text == str(value) else text


def _text(text: str) -> str:
    for pattern, instead in _HIDDEN:
        text = pattern.sub(instead, text)
    return text


def configure(service: str, level: int = logging.INFO, stream: TextIO = sys.stderr) -> None:
    """Log JSON lines to stderr, the libraries' logs too. Call once, in `app.py`."""
    disable_created_metrics()  # type: ignore[no-untyped-call]
    shared: list[Callable[..., Any]] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.format_exc_info,
    ]
    last: list[Callable[..., Any]] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        redact,
        structlog.processors.JSONRenderer(),
    ]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    for chatty in ("httpx", "httpcore", "uvicorn"):
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))
    structlog.contextvars.bind_contextvars(service=service)


class PortTaken(Exception):
    """The port for metrics is in use, or not this process's to open."""


def serve_metrics(port: int, registry: CollectorRegistry, host: str = "127.0.0.1") -> Callable[[], None]:
    """Serve `/metrics` on its own port and thread; answers what stops it. Port 0 takes a free one.

    Raises `PortTaken`.
    """
    try:
        server, thread = start_http_server(port, addr=host, registry=registry)
    except OSError as taken:
        raise PortTaken(
            f"Port {port} of {host} cannot be used ({taken}). Choose another PIKET_METRICS_PORT."
        ) from taken

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return stop
