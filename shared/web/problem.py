"""Renders errors as RFC 9457 problem details: stable type, both languages, pointers, never the caller's values."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from shared.catalogue import SHARED_CATALOGUE, Catalogue
from shared.domain.decider import KeyReused, VersionConflict
from shared.domain.errors import FieldError, Invalid, field_error
from shared.domain.messages import Text
from shared.event_store.database import Unavailable
from shared.web.headers import SECURITY_HEADERS
from shared.web.problem_types import PROBLEM_TYPES, SLUG_BY_STATUS

T = TypeVar("T")

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = "2"


class InvalidPart(NamedTuple):
    """A part of a request that is not valid: where it is, why, and the code of the error."""

    location: Mapping[str, str]
    message: Text
    code: str = "rule"

    def body(self, catalogue: Catalogue) -> Mapping[str, str]:
        """Render as a member of `errors`."""
        detail = catalogue.bilingual(self.message)
        return {**self.location, "code": self.code, "detail": detail.id, "detail_en": detail.en}


class Problem(Exception):
    """An error response. `extensions` are extension members of the problem details; `errors` are rendered as one."""

    def __init__(
        self,
        slug: str,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[InvalidPart] = (),
        **extensions: Any,  # noqa: ANN401 - JSON
    ) -> None:
        super().__init__(slug)
        self.slug = slug
        self.headers = headers or {}
        self.errors = errors
        self.more = extensions

    def response(self, catalogue: Catalogue = SHARED_CATALOGUE) -> Response:
        """Render as `application/problem+json`; `catalogue` has the messages of `errors`."""
        problem_type = PROBLEM_TYPES[self.slug]
        title, detail = catalogue.bilingual(problem_type.title), catalogue.bilingual(problem_type.detail)
        body = {
            "type": f"urn:piket:problem:{self.slug}",
            "status": problem_type.status,
            "title": title.id,
            "title_en": title.en,
            "detail": detail.id,
            "detail_en": detail.en,
            **self.more,
        }
        if self.errors:
            body["errors"] = [error.body(catalogue) for error in self.errors]
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


async def _problem(request: Request, error: Problem) -> Response:
    return error.response(request.app.state.catalogue)


async def _invalid_request(request: Request, invalid: RequestValidationError) -> Response:
    errors = invalid.errors()
    if any(error["type"] == "json_invalid" for error in errors):
        return Problem("malformed").response()
    return await _problem(request, Problem("invalid", errors=[request_error(error) for error in errors]))


async def _invalid_command(request: Request, error: Invalid) -> Response:
    parts = [InvalidPart({"pointer": field.pointer}, field.message) for field in error.errors]
    return await _problem(request, Problem("invalid", errors=parts))


def query_error(parameter: str, error: FieldError) -> InvalidPart:
    """Return the error of a query parameter."""
    return InvalidPart({"parameter": parameter, "in": "query"}, error.message)


def request_error(error: Mapping[str, Any]) -> InvalidPart:
    """Return an error that FastAPI found in a request: where and why, never the value."""
    source, *path = error["loc"]
    field = field_error({**error, "loc": path})
    if source == "body":
        return InvalidPart({"pointer": field.pointer}, field.message, error["type"])
    return InvalidPart({"parameter": "/".join(map(str, path)), "in": str(source)}, field.message, error["type"])


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
