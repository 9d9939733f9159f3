"""Reads request bodies strictly: an unknown field is refused at every depth, so that a misspelt field is not lost."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)


def strict_body(model: type[M]) -> Callable[..., Awaitable[M]]:
    """Return a dependency that reads the body as `model` and refuses unknown fields in nested models too.

    Facts ignore unknown fields when they are read as events; they must not when they are written.
    """

    async def body(request: Request, documented: model) -> M:  # type: ignore[valid-type]
        del documented  # only for the OpenAPI document; the body is validated again below, strictly
        try:
            return model.model_validate_json(await request.body(), extra="forbid")
        except ValidationError as invalid:
            errors = [{**error, "loc": ("body", *error["loc"])} for error in invalid.errors()]
            raise RequestValidationError(errors) from invalid

    return body
