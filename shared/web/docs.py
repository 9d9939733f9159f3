"""The documentation of a service's HTTP interface, from its own OpenAPI document: no script, nothing from elsewhere."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse

from shared.web.pages import HERE, Pages
from shared.web.problem_types import KINDS

TRIED = ("get", "post", "put", "patch", "delete")


class Operation(NamedTuple):
    """One line of the documentation: `fields` are (name, where, whether it must be there)."""

    method: str
    path: str
    summary: str
    fields: tuple[tuple[str, str, bool], ...]


def install(app: FastAPI) -> None:
    """Answer beside the OpenAPI document, as `docs`."""
    if not app.openapi_url:
        return
    pages = Pages(HERE / "templates")

    async def docs(request: Request) -> HTMLResponse:
        operations = list(_operations(app.openapi()))
        return pages.page(
            request, "docs.html", name=app.title, operations=operations, document=app.openapi_url, kinds=KINDS
        )

    app.add_api_route(f"{app.openapi_url.rsplit('/', 1)[0]}/docs", docs, include_in_schema=False)


def _operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    for path, methods in document["paths"].items():
        for method in TRIED:
            if method in methods:
                told = methods[method]
                yield Operation(method.upper(), path, told["summary"], tuple(_fields(told, document)))


def _fields(told: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    for parameter in told.get("parameters", ()):
        yield parameter["name"], parameter["in"], parameter.get("required", False)
    body = told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    schema = document["components"]["schemas"].get(body.get("$ref", "").rsplit("/", 1)[-1], body)
    for name in schema.get("properties", ()):
        yield name, "body", name in schema.get("required", ())
