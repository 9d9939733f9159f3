"""Serves the operators' page `/operasi`, the form on it, and the link that signs in (demo only)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.reporting.domain.decider import State
from services.reporting.operations.decision_form import decide_from_form
from services.reporting.operations.page import Operations, page_context
from services.reporting.operations.sign_in import operator, redirect_with_cookie
from services.reporting.pages.routes import PageRendererDep
from shared.web import Problem
from shared.web.dependencies import ClockDep, StoreDep
from shared.web.problem_types import PROBLEM_TYPES

PAGE = "/operasi"

router = APIRouter(include_in_schema=False)


async def operations_of(request: Request) -> Operations:
    """Return what the page reads: `app.state.operations`."""
    operations: Operations = request.app.state.operations
    return operations


OperationsDep = Annotated[Operations, Depends(operations_of)]
"""What the page reads besides the event store."""


@router.get(PAGE, response_class=HTMLResponse)
async def operations_page(
    request: Request, operations: OperationsDep, store: StoreDep[State], now: ClockDep, renderer: PageRendererDep
) -> Response:
    """Return the page for the region of the reader's token; without one, a page that says who may enter and how."""
    try:
        signed_in = operator(request)
    except Problem as problem:
        return _entrance(request, operations, renderer, problem)
    context = await page_context(operations, store, signed_in, now())
    saved = "tersimpan" in request.query_params
    return _private(renderer.pages.page(request, "operasi.html", **context, saved=saved))


@router.post(PAGE, response_class=HTMLResponse)
async def decide(
    request: Request, operations: OperationsDep, store: StoreDep[State], now: ClockDep, renderer: PageRendererDep
) -> Response:
    """Replay or discard a dead letter by the form; on an error, show the page again with the reasons."""
    try:
        signed_in = operator(request)
    except Problem as problem:
        return _entrance(request, operations, renderer, problem)
    error = await decide_from_form(request, signed_in, operations.letters, store)
    if error is None:
        # 303: reloading the page that follows does not send the form again.
        return RedirectResponse(f"{PAGE}?tersimpan=1#surat-mati", status_code=303)
    context = await page_context(operations, store, signed_in, now(), error)
    answer = _private(renderer.pages.page(request, "operasi.html", **context, saved=False))
    answer.status_code = error.status
    return answer


@router.get("/masuk")
async def sign_in(
    request: Request, operations: OperationsDep, renderer: PageRendererDep, token: str = "", ke: str = PAGE
) -> Response:
    """Set the cookie of a token and go to a page of this server. Outside a demo the link is refused."""
    if not operations.sign_in_by_link:
        return _entrance(request, operations, renderer, Problem("forbidden"))
    try:
        return redirect_with_cookie(request, token, ke)
    except Problem as problem:
        return _entrance(request, operations, renderer, problem)


def _entrance(request: Request, operations: Operations, renderer: PageRendererDep, problem: Problem) -> Response:
    problem_type = PROBLEM_TYPES[problem.slug]
    context = {"slug": problem.slug, "title": problem_type.title, "by_link": operations.sign_in_by_link}
    answer = renderer.pages.page(request, "masuk.html", is_decision=request.method == "POST", **context)
    answer.status_code = problem_type.status
    if problem_type.status == 401:
        answer.headers["www-authenticate"] = 'Bearer realm="piket"'
    return _private(answer)


def _private(answer: HTMLResponse) -> HTMLResponse:
    answer.headers["cache-control"] = "no-store"
    return answer
