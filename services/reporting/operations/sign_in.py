"""Signs people in and out for all pages, and shows a page to those who may not enter."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.reporting.operations.page import Operations
from services.reporting.pages.routes import PageRendererDep
from shared.web import Problem, require_found
from shared.web.access import verified
from shared.web.problem_types import PROBLEM_TYPES
from shared.web.sign_in import SignIn
from shared.web.sign_in.attempt import Attempt
from shared.web.sign_in.code_flow import CALLBACK_PATH
from shared.web.sign_in.forms import is_foreign
from shared.web.sign_in.session import LOCAL_PATH, SIGN_OUT_PATH, begin_session, end_session, require_local_path

PAGE = "/operasi"
START = "/"
"""The page to show after a sign-in of which nobody knows where it began."""

router = APIRouter(include_in_schema=False)


async def operations_of(request: Request) -> Operations:
    """Return what the page reads: `app.state.operations`."""
    operations: Operations = request.app.state.operations
    return operations


OperationsDep = Annotated[Operations, Depends(operations_of)]
"""What the page reads besides the event store."""


async def sign_in_of(request: Request) -> SignIn | None:
    """Return the sign-in at the issuer, None in a demo: `app.state.sign_in`."""
    sign_in: SignIn | None = request.app.state.sign_in
    return sign_in


SignInDep = Annotated[SignIn | None, Depends(sign_in_of)]
"""The sign-in at the issuer, if it has one."""


@router.get("/masuk")
async def begin_sign_in(
    request: Request,
    operations: OperationsDep,
    renderer: PageRendererDep,
    sign_in: SignInDep,
    token: str = "",
    ke: str = PAGE,
) -> Response:
    """Send the person to the issuer, and then to a page of this server. In a demo a link with a token signs in."""
    try:
        if sign_in:
            return await sign_in.start(request, ke)
        return await _sign_in_by_link(request, operations, token, ke)
    except Problem as problem:
        return entrance(request, operations, renderer, problem, ke)


@router.get(CALLBACK_PATH)
async def finish_sign_in(
    request: Request, operations: OperationsDep, renderer: PageRendererDep, sign_in: SignInDep
) -> Response:
    """Begin the session of the person whom the issuer names; on an error, show a page that says why there is none."""
    try:
        return await require_found(sign_in).finish(request)
    except Problem as problem:
        attempt = Attempt.of(request)
        return entrance(request, operations, renderer, problem, attempt.target if attempt else START)


@router.get(SIGN_OUT_PATH)
async def sign_out(request: Request, sign_in: SignInDep) -> Response:
    """End the session here and at the issuer, unless another site sent the browser here."""
    answer = RedirectResponse("/", status_code=303)
    if is_foreign(request):
        return answer
    if sign_in:
        return await sign_in.sign_out(request)
    end_session(answer)
    return answer


async def _sign_in_by_link(request: Request, operations: Operations, token: str, target: str) -> Response:
    if not operations.sign_in_by_link:
        raise Problem("forbidden")
    require_local_path(target)
    await verified(request, token)
    return begin_session(request, target, token)


def renewal(request: Request, problem: Problem) -> Response | None:
    """Return the redirect that renews an expired session; None if a script asks, which cannot follow it."""
    is_opened_by_person = request.headers.get("sec-fetch-mode") == "navigate"
    if problem.slug == "token-expired" and is_opened_by_person and request.app.state.sign_in:
        return RedirectResponse(f"/masuk?ke={request.url.path}", status_code=303)
    return None


def entrance(
    request: Request, operations: Operations, renderer: PageRendererDep, problem: Problem, target: str = PAGE
) -> Response:
    """Return the page that says why a person does not enter, and how to enter the page `target` of this server."""
    problem_type = PROBLEM_TYPES[problem.slug]
    context = {
        "target": target if LOCAL_PATH.fullmatch(target) else START,
        "slug": problem.slug,
        "title": problem_type.title,
        "by_link": operations.sign_in_by_link,
        "by_issuer": request.app.state.sign_in is not None,
    }
    answer = renderer.pages.page(request, "masuk.html", is_decision=request.method == "POST", **context)
    answer.status_code = problem_type.status
    if problem_type.status == 401:
        answer.headers["www-authenticate"] = 'Bearer realm="piket"'
    return private(answer)


def private(answer: HTMLResponse) -> HTMLResponse:
    """Return a page that no cache keeps."""
    answer.headers["cache-control"] = "no-store"
    return answer
