"""Serves a page that documents a service's HTTP interface, rendered from its OpenAPI document without scripts."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse

from shared.web.pages import HERE, Pages
from shared.web.problem_types import PROBLEM_TYPES

HTTP_METHODS = ("get", "post", "put", "patch", "delete")


class DocumentedOperation(NamedTuple):
    """One row of the page: `fields` are (name, location such as `query` or `body`, whether it is required)."""

    method: str
    path: str
    summary: str
    fields: tuple[tuple[str, str, bool], ...]


def install(app: FastAPI) -> None:
    """Add the page `docs` beside the OpenAPI document, if the application has one."""
    if not app.openapi_url:
        return
    app.add_api_route(f"{app.openapi_url.rsplit('/', 1)[0]}/docs", docs, include_in_schema=False)


async def docs(request: Request) -> HTMLResponse:
    """Return the page of the application that serves the request."""
    app: FastAPI = request.app
    return Pages(HERE / "templates").page(
        request,
        "docs.html",
        name=app.title,
        operations=list(_operations(app.openapi())),
        document=app.openapi_url,
        problem_types=PROBLEM_TYPES,
    )


def _operations(document: Mapping[str, Any]) -> Iterator[DocumentedOperation]:
    for path, methods in document["paths"].items():
        for method in HTTP_METHODS:
            if method in methods:
                operation = methods[method]
                yield DocumentedOperation(
                    method.upper(), path, operation["summary"], tuple(_fields(operation, document))
                )


def _fields(operation: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    for parameter in operation.get("parameters", ()):
        yield parameter["name"], parameter["in"], parameter.get("required", False)
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    schema = document["components"]["schemas"].get(body.get("$ref", "").rsplit("/", 1)[-1], body)
    for name in schema.get("properties", ()):
        yield name, "body", name in schema.get("required", ())
