"""Serves the operators' page `/operasi`, and the form on it, for operators who have signed in."""

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.reporting.domain.decider import State
from services.reporting.operations.decision_form import decide_from_form
from services.reporting.operations.page import page_context
from services.reporting.operations.sign_in import PAGE, OperationsDep, entrance, private, renewal
from services.reporting.pages.routes import PageRendererDep
from shared.identity import Action, Scope
from shared.web import Problem, authorize
from shared.web.dependencies import ClockDep, StoreDep
from shared.web.sign_in import SignedIn, signed_in

router = APIRouter(include_in_schema=False)


@router.get(PAGE, response_class=HTMLResponse)
async def operations_page(
    request: Request, operations: OperationsDep, store: StoreDep[State], now: ClockDep, renderer: PageRendererDep
) -> Response:
    """Return the page for the region of the reader's token; without one, a page that says who may enter and how."""
    try:
        operator = await _operator(request)
    except Problem as problem:
        return renewal(request, problem) or entrance(request, operations, renderer, problem)
    context = await page_context(operations, store, operator, now())
    saved = "tersimpan" in request.query_params
    return private(renderer.pages.page(request, "operasi.html", **context, saved=saved))


@router.post(PAGE, response_class=HTMLResponse)
async def decide(
    request: Request, operations: OperationsDep, store: StoreDep[State], now: ClockDep, renderer: PageRendererDep
) -> Response:
    """Replay or discard a dead letter by the form; on an error, show the page again with the reasons."""
    try:
        operator = await _operator(request)
    except Problem as problem:
        return entrance(request, operations, renderer, problem)
    error = await decide_from_form(request, operator, operations.letters, store)
    if error is None:
        # 303: reloading the page that follows does not send the form again.
        return RedirectResponse(f"{PAGE}?tersimpan=1#surat-mati", status_code=303)
    context = await page_context(operations, store, operator, now(), error)
    answer = private(renderer.pages.page(request, "operasi.html", **context, saved=False))
    answer.status_code = error.status
    return answer


async def _operator(request: Request) -> SignedIn:
    """Return the operator of a request. Raise a 401 problem without a valid token, 403 without the right."""
    person = await signed_in(request)
    authorize(person.principal, Action.OPERATE, Scope(person.region))
    return person
