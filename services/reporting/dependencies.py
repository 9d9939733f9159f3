"""Declares the typed dependencies of reporting's endpoints. `app.assemble` puts the objects on `app.state`."""

from typing import Annotated

from fastapi import Depends, Request

from services.reporting.view.live_status import LiveStatus
from services.reporting.view.rows import CoverageView

# These functions are `async` although they never wait: FastAPI runs a plain function in a thread, at every request.


async def coverage_view(request: Request) -> CoverageView:
    """Return the application's coverage view."""
    view: CoverageView = request.app.state.view
    return view


async def live_status(request: Request) -> LiveStatus:
    """Return the application's live status, which all its readers share."""
    live: LiveStatus = request.app.state.live_status
    return live


ViewDep = Annotated[CoverageView, Depends(coverage_view)]
"""The coverage view."""

LiveStatusDep = Annotated[LiveStatus, Depends(live_status)]
"""The current status of OPD and regions."""
