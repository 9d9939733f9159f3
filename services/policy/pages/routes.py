"""Serves the public pages on the rules of a region and of an OPD; no token is needed, because instruments are public.

`/aturan/{region}` also accepts a form that enacts a shipped instrument, from a person who has signed in.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.policy.domain.decider import State, instruments_state, opd_state
from services.policy.pages import opd_page, region_page
from services.policy.pages.enactment_form import FormInput, enact_from_form
from shared.domain.facts.base import Code, Region
from shared.domain.regions import local_date
from shared.web import Problem, require_found
from shared.web.dependencies import ClockDep, StoreDep
from shared.web.pages import Pages
from shared.web.sign_in import form_token, signed_in

TEMPLATES_FOLDER = Path(__file__).parent / "templates"

router = APIRouter(include_in_schema=False)


async def template_pages(request: Request) -> Pages:
    """Return the templates of policy, which the application keeps in its state."""
    pages: Pages = request.app.state.pages
    return pages


PagesDep = Annotated[Pages, Depends(template_pages)]
"""The templates of policy."""


@router.get("/aturan/{region}/{opd}", response_class=HTMLResponse)
async def rules(
    request: Request, region: Region, opd: Code, store: StoreDep[State], now: ClockDep, pages: PagesDep
) -> HTMLResponse:
    """Show the rules of an OPD by date."""
    state = require_found(opd_state((await store.state(f"policy/{region}/{opd}"))[0]))
    recorded = instruments_state((await store.state(f"instruments/{region}"))[0]).instruments
    titles = {name: history.instrument.title for name, history in recorded.items()}
    context = opd_page.template_context(state.entry.opened, state.policy, titles, local_date(now(), region))
    return pages.page(request, "aturan.html", **context)


@router.get("/aturan/{region}", response_class=HTMLResponse)
async def region_rules(
    request: Request, region: Region, store: StoreDep[State], now: ClockDep, pages: PagesDep
) -> HTMLResponse:
    """Show the instruments of a region, and who is bound by which rules on a date."""
    query = region_page.PageQuery.of(request.query_params)
    context = await region_page.load_context(store, region, now(), query)
    return pages.page(request, "wilayah.html", **context, **await _session_context(request))


@router.post("/aturan/{region}", response_class=HTMLResponse)
async def enact_preset(
    request: Request, region: Region, store: StoreDep[State], now: ClockDep, pages: PagesDep
) -> Response:
    """Enact a shipped instrument by the form; on an error, show the page again with the reasons."""
    result = await enact_from_form(request, store, region)
    if isinstance(result, FormInput):
        # 303: reloading the page that follows does not send the form again.
        return RedirectResponse(f"/aturan/{region}?tercatat={result.preset}", status_code=303)
    query = region_page.PageQuery(preset=result.form_input.preset)
    context = await region_page.load_context(store, region, now(), query, result)
    response = pages.page(request, "wilayah.html", **context, **await _session_context(request))
    response.status_code = result.status
    response.headers["cache-control"] = "no-store"
    return response


async def _session_context(request: Request) -> Mapping[str, str | bool]:
    """Return what the form shows: the hidden field of the person's session, or how to sign in without one."""
    by_issuer = request.app.state.sign_in is not None
    try:
        return {"csrf": form_token((await signed_in(request)).token), "by_issuer": by_issuer}
    except Problem:
        return {"csrf": "", "by_issuer": by_issuer}
