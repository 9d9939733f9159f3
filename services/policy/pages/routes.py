"""What anybody may read of the rules of a region or an OPD: what holds and why, what comes, what cannot both hold."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.policy.domain.decider import State
from services.policy.domain.explanation import clauses, phrases
from services.policy.domain.explanation.phrases import said
from services.policy.domain.resolution.conflicts import WORKING_DAYS, days_a_head, grouping
from services.policy.pages import region_page
from services.policy.pages.enactment_form import Filled, Refused, enact
from shared.clock import Clock
from shared.domain.facts.base import Code, Region
from shared.domain.facts.policy import Conflict, OpdOpened, Period, PolicyChanged, Said
from shared.domain.places import places
from shared.domain.regions import local_date
from shared.event_store.store import Store
from shared.web import found
from shared.web.pages import Pages

FOLDER = Path(__file__).parent / "templates"
AHEAD = 12
"""Days of the calendar that are shown: about half a year."""


def router(store: Store[State], now: Clock, *, demo: bool = False) -> APIRouter:
    """`/aturan/{region}` and `/aturan/{region}/{opd}`, for which nobody needs a token: instruments are public."""
    pages = Pages(FOLDER, demo=demo)
    routes = APIRouter(include_in_schema=False)

    @routes.get("/aturan/{region}/{opd}", response_class=HTMLResponse)
    async def rules(request: Request, region: Region, opd: Code) -> HTMLResponse:
        own, _ = await store.state(f"policy/{region}/{opd}")
        enacted, _ = await store.state(f"instruments/{region}")
        titles = {name: course.instrument.title for name, course in enacted.courses.items()}
        return pages.page(
            request, "aturan.html", **shown(found(own.opd), own.policy, titles, local_date(now(), region))
        )

    @routes.get("/aturan/{region}", response_class=HTMLResponse)
    async def region_rules(request: Request, region: Region) -> HTMLResponse:
        wish = region_page.Wish.of(request.query_params)
        return pages.page(request, "wilayah.html", **await region_page.shown(store, region, now(), wish))

    @routes.post("/aturan/{region}", response_class=HTMLResponse)
    async def enact_example(request: Request, region: Region) -> Response:
        done = await enact(request, store, region)
        if isinstance(done, Filled):
            return RedirectResponse(f"/aturan/{region}?tercatat={done.example}", status_code=303)
        return await refused(request, region, done)

    async def refused(request: Request, region: str, why: Refused) -> HTMLResponse:
        wish = region_page.Wish(example=why.filled.example)
        context = await region_page.shown(store, region, now(), wish, why)
        answer = pages.page(request, "wilayah.html", **context)
        answer.status_code = why.status
        answer.headers["cache-control"] = "no-store"
        return answer

    return routes


def shown(opd: OpdOpened, policy: PolicyChanged | None, titles: Mapping[str, str], today: date) -> Mapping[str, Any]:
    """What the template reads; an instrument without a title is shown by its id. Pure."""
    periods = policy.periods if policy else ()
    holidays = [h for h in policy.holidays if h.date >= today] if policy else []
    standing = [p for p in periods if (p.to or today) >= today]
    conflicts = policy.conflicts if policy else ()

    def titled(instrument: str) -> str:
        return titles.get(instrument, instrument)

    return {
        "opd": opd,
        "place": places()[opd.region].name if opd.region in places() else opd.region,
        "today": today,
        "holiday": next((h for h in holidays if h.date == today), None),
        "current": next((p for p in standing if p.from_ <= today), None),
        "periods": [(p, _when(p, today)) for p in (*standing, *(p for p in periods if p not in standing))],
        "conflicts": [said for c in conflicts for said in _said(c, standing)],
        "meeting": [phrases.conflict(c, titled) for c in conflicts if _standing(c, standing)],
        "holidays": holidays[:AHEAD],
        "title": titled,
        "told": lambda period: list(_told(period, titled)),
        "when": clauses.when,
    }


def _told(period: Period, titled: phrases.Titles) -> Iterator[Said]:
    """The rules of a period, then what they are at each site that has its own."""
    yield from (text for _, text in clauses.clauses(period.rules, clauses.OfPeriod(period, titled)))
    for site in period.pilots:
        here = period.at(site)
        for rule, text in clauses.clauses(here.rules, clauses.OfPeriod(here, titled)):
            if getattr(here.rules, rule) != getattr(period.rules, rule):
                yield said(f"{site}: {text.id}", f"{site}: {text.en}")


def _when(period: Period, today: date) -> str:
    if period.from_ > today:
        return "COMING"
    return "ENDED" if period.to and period.to < today else "NOW"


def _standing(conflict: Conflict, standing: list[Period]) -> bool:
    """Whether a conflict that has no figures of its own is of instruments that bind today or later."""
    givers = {won.instrument for period in standing for won in period.won_by.values()}
    figures = (conflict.effect or "").startswith("WEEKLY_MEAN_SHARE:")
    return not figures and set(conflict.instruments) <= givers


def _said(conflict: Conflict, standing: list[Period]) -> list[Mapping[str, Any]]:
    """A conflict of periods that have not ended, as figures for its sentences; of none, if all have."""
    where = [period for period in standing if conflict in grouping(period)]
    return [
        {
            "instruments": conflict.instruments,
            "higher": conflict.resolved_by.startswith("HIGHER_NORM:"),
            "share": period.rules.max_share,
            "days": days_a_head(period.rules),
            "cap": period.rules.weekly_cap_days,
            "mean": (period.rules.weekly_cap_days or 0) / WORKING_DAYS,
        }
        for period in where[:1]
    ]
