"""Renders errors as RFC 9457 problem details: stable type, both languages, pointers, never the caller's values."""

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from shared.domain.decider import KeyReused, VersionConflict
from shared.domain.errors import FieldError, Invalid, field_error
from shared.event_store.database import Unavailable
from shared.web.headers import SECURITY_HEADERS
from shared.web.problem_types import PROBLEM_TYPES, SLUG_BY_STATUS

T = TypeVar("T")

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = "2"


class Problem(Exception):
    """An error response. `extensions` are extension members of the problem details.

    The extensions `detail` and `detail_en` replace the general texts of the problem type.
    """

    def __init__(self, slug: str, headers: Mapping[str, str] | None = None, **extensions: Any) -> None:  # noqa: ANN401 - JSON
        super().__init__(slug)
        self.slug = slug
        self.headers = headers or {}
        self.more = extensions

    def response(self) -> Response:
        """Render as `application/problem+json`."""
        problem_type = PROBLEM_TYPES[self.slug]
        body = {"type": f"urn:piket:problem:{self.slug}", **problem_type._asdict(), **self.more}
        headers = {"cache-control": "no-store", **self.headers}
        return Response(json.dumps(body, ensure_ascii=False), problem_type.status, headers, MEDIA_TYPE)


def require_found(value: T | None) -> T:
    """Return the value; raise a 404 problem if it is None."""
    if value is None:
        raise Problem("not-found")
    return value


def install(app: FastAPI) -> None:
    """Make the application answer every error with problem details."""
    for kind_of_error, handler in _HANDLERS.items():
        app.add_exception_handler(kind_of_error, handler)


async def _problem(_: Request, error: Problem) -> Response:
    return error.response()


async def _invalid_request(_: Request, invalid: RequestValidationError) -> Response:
    errors = invalid.errors()
    if any(error["type"] == "json_invalid" for error in errors):
        return Problem("malformed").response()
    return Problem("invalid", errors=[request_error(error) for error in errors]).response()


async def _invalid_command(_: Request, error: Invalid) -> Response:
    errors = [{"pointer": field.pointer, **_texts(field)} for field in error.errors]
    return Problem("invalid", errors=errors).response()


def query_error(parameter: str, error: FieldError) -> Mapping[str, str]:
    """Render the error of a query parameter as a member of `errors`."""
    return {"parameter": parameter, "in": "query", **_texts(error)}


def request_error(error: Mapping[str, Any]) -> Mapping[str, str]:
    """Render an error that FastAPI found in a request as a member of `errors`: where and why, never the value."""
    source, *path = error["loc"]
    field = field_error({**error, "loc": path})
    if source == "body":
        return {"pointer": field.pointer, **_texts(field, error["type"])}
    return {"parameter": "/".join(map(str, path)), "in": str(source), **_texts(field, error["type"])}


def _texts(error: FieldError, code: str = "rule") -> Mapping[str, str]:
    return {"code": code, "detail": error.indonesian, "detail_en": error.english}


async def _http(_: Request, error: HTTPException) -> Response:
    return Problem(SLUG_BY_STATUS.get(error.status_code, "request"), error.headers).response()


async def _key_reused(_: Request, __: KeyReused) -> Response:
    return Problem("key-reused").response()


async def _version_conflict(_: Request, error: VersionConflict) -> Response:
    etag = {"etag": f'"{error.actual}"'}
    return Problem("version-conflict", etag, expected=error.expected, actual=error.actual).response()


async def _unavailable(_: Request, __: Unavailable) -> Response:
    return Problem("unavailable", {"retry-after": RETRY_AFTER_SECONDS}).response()


async def _internal(_: Request, __: Exception) -> Response:
    # Starlette handles this error outside all middleware, so the security headers are set here.
    return Problem("internal", SECURITY_HEADERS).response()


_HANDLERS: Mapping[type[Exception], Any] = {
    Problem: _problem,
    RequestValidationError: _invalid_request,
    Invalid: _invalid_command,
    HTTPException: _http,
    KeyReused: _key_reused,
    VersionConflict: _version_conflict,
    Unavailable: _unavailable,
    Exception: _internal,
}
