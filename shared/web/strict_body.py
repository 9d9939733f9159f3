"""A body that is read closed to the bottom: what a writer misspells in a nested part is refused, not lost."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)


def closed(model: type[M]) -> Callable[..., Awaitable[M]]:
    """Make a dependency that reads the body as `model`. Facts ignore unknown fields when read, not when written."""

    async def body(request: Request, asked: model) -> M:  # type: ignore[valid-type]
        del asked  # FastAPI has read and documented it; here it is read once more, closed
        try:
            return model.model_validate_json(await request.body(), extra="forbid")
        except ValidationError as broken:
            errors = [{**error, "loc": ("body", *error["loc"])} for error in broken.errors()]
            raise RequestValidationError(errors) from broken

    return body
