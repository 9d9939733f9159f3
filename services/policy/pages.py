"""What anybody may read of the rules of one OPD: what holds today and why, what comes, and what cannot both hold."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from services.policy.conflicts import WORKING_DAYS, clash
from services.policy.decider import State
from shared.clock import Clock
from shared.facts.fact import Code, Region
from shared.facts.policy import Conflict, OpdOpened, Period, PolicyChanged
from shared.places import places
from shared.regions import local_date
from shared.store import Store
from shared.web import found
from shared.web.pages import Pages

FOLDER = Path(__file__).parent / "pages"
AHEAD = 12
"""Days of the calendar that are shown: about half a year."""


def router(store: Store[State], now: Clock, *, demo: bool = False) -> APIRouter:
    """`/aturan/{region}/{opd}`, for which nobody needs a token: instruments are public."""
    pages = Pages(FOLDER, demo=demo)
    routes = APIRouter(include_in_schema=False)

    @routes.get("/aturan/{region}/{opd}", response_class=HTMLResponse)
    async def rules(request: Request, region: Region, opd: Code) -> HTMLResponse:
        own, _ = await store.state(f"policy/{region}/{opd}")
        enacted, _ = await store.state(f"instruments/{region}")
        titles = {b.instrument.instrument: b.instrument.title for b in enacted.bindings}
        return pages.page(
            request, "aturan.html", **shown(found(own.opd), own.policy, titles, local_date(now(), region))
        )

    return routes


def shown(opd: OpdOpened, policy: PolicyChanged | None, titles: Mapping[str, str], today: date) -> Mapping[str, Any]:
    """What the template reads; an instrument without a title is shown by its id. Pure."""
    periods = policy.periods if policy else ()
    holidays = [h for h in policy.holidays if h.date >= today] if policy else []
    standing = [p for p in periods if (p.to or today) >= today]
    return {
        "opd": opd,
        "place": places()[opd.region].name if opd.region in places() else opd.region,
        "today": today,
        "holiday": next((h for h in holidays if h.date == today), None),
        "current": next((p for p in standing if p.from_ <= today), None),
        "periods": [(p, _when(p, today)) for p in (*standing, *(p for p in periods if p not in standing))],
        "conflicts": [said for c in (policy.conflicts if policy else ()) for said in _said(c, standing)],
        "holidays": holidays[:AHEAD],
        "title": lambda instrument: titles.get(instrument, instrument),
    }


def _when(period: Period, today: date) -> str:
    if period.from_ > today:
        return "COMING"
    return "ENDED" if period.to and period.to < today else "NOW"


def _said(conflict: Conflict, standing: list[Period]) -> list[Mapping[str, Any]]:
    """A conflict of periods that have not ended, as figures for its sentences; of none, if all have."""
    where = [period for period in standing if clash(period) == conflict]
    return [
        {
            "instruments": conflict.instruments,
            "higher": conflict.resolved_by.startswith("HIGHER_NORM:"),
            "share": period.rules.max_share,
            "days": (period.rules.max_share or 0) * WORKING_DAYS,
            "cap": period.rules.weekly_cap_days,
            "mean": (period.rules.weekly_cap_days or 0) / WORKING_DAYS,
        }
        for period in where[:1]
    ]
