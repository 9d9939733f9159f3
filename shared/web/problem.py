"""Errors as RFC 9457 problem details: a stable type, both languages, field pointers; never the caller's values."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from shared.domain.decider import KeyReused, VersionConflict
from shared.domain.facts.base import Invalid
from shared.event_store.database import Unavailable
from shared.web.headers import HEADERS
from shared.web.problem_types import BY_STATUS, KINDS

T = TypeVar("T")

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = "2"


class Problem(Exception):
    """An answer that is an error. `more` are extension members; `detail` and `detail_en` may say it more exactly."""

    def __init__(self, slug: str, headers: Mapping[str, str] | None = None, **more: Any) -> None:  # noqa: ANN401 - JSON
        super().__init__(slug)
        self.slug = slug
        self.headers = headers or {}
        self.more = more

    def response(self) -> Response:
        """Render as `application/problem+json`."""
        kind = KINDS[self.slug]
        body = {"type": f"urn:piket:problem:{self.slug}", **kind._asdict(), **self.more}
        headers = {"cache-control": "no-store", **self.headers}
        return Response(json.dumps(body, ensure_ascii=False), kind.status, headers, MEDIA_TYPE)


def found(value: T | None) -> T:
    """A value, or a 404."""
    if value is None:
        raise Problem("not-found")
    return value


def install(app: FastAPI) -> None:
    """Answer every error of this application as a problem."""
    for kind_of_error, handler in _HANDLERS.items():
        app.add_exception_handler(kind_of_error, handler)


async def _problem(_: Request, error: Problem) -> Response:
    return error.response()


async def _invalid(_: Request, error: RequestValidationError) -> Response:
    errors = error.errors()
    if any(each["type"] == "json_invalid" for each in errors):
        return Problem("malformed").response()
    return Problem("invalid", errors=[place(each) for each in errors]).response()


async def _meaningless(_: Request, error: Invalid) -> Response:
    places = [{"pointer": fault.pointer, **_said(fault)} for fault in error.faults]
    return Problem("invalid", errors=places).response()


def in_query(parameter: str, fault: Invalid) -> Mapping[str, str]:
    """What a parameter of the query cannot mean."""
    return {"parameter": parameter, "in": "query", **_said(fault)}


def _said(fault: Invalid) -> Mapping[str, str]:
    return {"code": "rule", "detail": fault.indonesian, "detail_en": fault.english}


async def _http(_: Request, error: HTTPException) -> Response:
    return Problem(BY_STATUS.get(error.status_code, "request"), error.headers).response()


async def _key_reused(_: Request, __: KeyReused) -> Response:
    return Problem("key-reused").response()


async def _version_conflict(_: Request, error: VersionConflict) -> Response:
    etag = {"etag": f'"{error.actual}"'}
    return Problem("version-conflict", etag, expected=error.expected, actual=error.actual).response()


async def _unavailable(_: Request, __: Unavailable) -> Response:
    return Problem("unavailable", {"retry-after": RETRY_AFTER_SECONDS}).response()


async def _internal(_: Request, __: Exception) -> Response:
    # Answered outside of all middleware, so it brings the headers itself.
    return Problem("internal", HEADERS).response()


def place(error: Mapping[str, Any]) -> Mapping[str, str]:
    """Where and what pydantic refused, without the value: it may be a NIP or a coordinate. Pointers are RFC 6901."""
    where, *path = error["loc"]
    at = {"pointer": pointer(path)} if where == "body" else {"parameter": "/".join(map(str, path)), "in": str(where)}
    return {**at, "code": error["type"], "detail": _WORDS.get(error["type"], _OTHER), "detail_en": error["msg"]}


_OTHER = "Nilai ini tidak sah."
_WORDS = {
    "missing": "Isian ini wajib.",
    "extra_forbidden": "Isian ini tidak dikenal.",
    "greater_than_equal": "Nilai ini terlalu kecil atau terlalu awal.",
    "less_than_equal": "Nilai ini terlalu besar atau terlalu akhir.",
    "string_pattern_mismatch": "Bentuk isian ini tidak sesuai.",
    "string_too_short": "Isian ini terlalu pendek.",
    "string_too_long": "Isian ini terlalu panjang.",
    "literal_error": "Pilihan ini tidak ada.",
    "date_from_datetime_parsing": "Ini bukan tanggal; tulis misalnya 2025-11-06.",
    "datetime_from_date_parsing": "Ini bukan waktu; tulis misalnya 2025-11-06T07:21:08+07:00.",
    "timezone_aware": "Waktu harus menyebut zona, misalnya +07:00.",
    "uuid_parsing": "Ini bukan UUID.",
}


def pointer(path: Sequence[str | int]) -> str:
    """A JSON pointer: `/place/site`, the whole body is the empty string."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


_HANDLERS: Mapping[type[Exception], Any] = {
    Problem: _problem,
    RequestValidationError: _invalid,
    Invalid: _meaningless,
    HTTPException: _http,
    KeyReused: _key_reused,
    VersionConflict: _version_conflict,
    Unavailable: _unavailable,
    Exception: _internal,
}
