"""Configures logs as JSON with personal data removed."""

import logging
import re
import sys
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, TextIO

import structlog
from prometheus_client import disable_created_metrics

COORDINATE_KEYS = frozenset({"lat", "lng", "lon", "latitude", "longitude"})
_REDACTIONS = (
    # NIP, the employee number: 18 digits (birth date, appointment, sex, number), also grouped as on a name tag.
    (re.compile(r"(?<!\d)\d{8}[ .-]?\d{6}[ .-]?\d[ .-]?\d{3}(?!\d)"), "[nip]"),
    # A token in an Authorization header, and one without it: a JWT begins with `eyJ`, which is `{"` in base64url.
    (re.compile(r"(?i)\bbearer\s+[\w.~+/=-]+"), "[token]"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), "[token]"),
    (re.compile(r"(?i)\b(lat|lng|lon|latitude|longitude)\b(\\?[\"']?\s*[:=]\s*)-?\d+(\.\d+)?"), r"\1\2[coordinate]"),
    # Two numbers with three or more decimals (0.001 degrees are about 100 m) count as a place, whatever their names.
    (re.compile(r"-?\d{1,3}\.\d{3,}\s*[,;]\s*-?\d{1,3}\.\d{3,}"), "[coordinate]"),
)


def redact(_: object, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Hide NIP, coordinates and bearer tokens in keys and values of a log line; a structlog processor.

    It may hide too much, but never too little.
    """
    return {_redact_text(key): _redact_value(key, value) for key, value in event.items()}


def _redact_value(key: str, value: Any) -> Any:  # noqa: ANN401 - any value can be logged
    if key.lower() in COORDINATE_KEYS:
        return "[coordinate]"
    if isinstance(value, Mapping):
        return {_redact_text(str(k)): _redact_value(str(k), v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redact_value("", item) for item in value]
    return value if value is None or isinstance(value, bool | float) else _redact_scalar(value)


def _redact_scalar(value: object) -> object:
    text = _redact_text(str(value))
    # A number stays a number unless it has the form of a NIP.
    return value if isinstance(value, int) and text == str(value) else text


def _redact_text(text: str) -> str:
    for pattern, replacement in _REDACTIONS:
        text = pattern.sub(replacement, text)
    return text


ADDED_PROCESSORS: list[Callable[..., MutableMapping[str, Any]]] = []
"""Processors of every log line, before redaction, that a part of the process added when it started."""


def _run_added_processors(log: object, name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for processor in ADDED_PROCESSORS:
        line = processor(log, name, line)
    return line


def configure_logging(service: str, level: int = logging.INFO, stream: TextIO = sys.stderr) -> None:
    """Write the logs of this process and of its libraries as JSON lines to `stream`. Call once, at the start."""
    # Without this call each counter and histogram also exports a series `_created`.
    disable_created_metrics()  # type: ignore[no-untyped-call]
    common: list[Callable[..., Any]] = [
        structlog.contextvars.merge_contextvars,
        _run_added_processors,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.format_exc_info,
    ]
    rendering: list[Callable[..., Any]] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        # After `format_exc_info` of `common`, so that tracebacks are redacted too.
        redact,
        structlog.processors.JSONRenderer(),
    ]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=common, processors=rendering))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    structlog.configure(
        processors=[*common, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    # At INFO they log every request.
    for library in ("httpx", "httpcore", "uvicorn"):
        logging.getLogger(library).setLevel(max(level, logging.WARNING))
    structlog.contextvars.bind_contextvars(service=service)
