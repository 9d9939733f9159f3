"""Defines `piket roster`: plans and publishes the rosters of an OPD through the HTTP API, as its scheduler."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any

import typer

from deploy.cli.api import TokenOption, request, require_success
from deploy.cli.policy.questions import RegionOption, parse_day
from deploy.cli.policy.register import DryRunOption
from deploy.onboarding.judgement.working_days import next_working_day
from shared.domain.regions import local_date
from shared.settings import Settings

WHO = "the scheduler of the OPD (role SCHEDULER)"
MODES: Mapping[str, str] = {"WFO": "on site", "WFH": "at home", "WFA": "elsewhere"}
PlannedOpdOption = Annotated[str, typer.Option(help="code of the OPD as in the register")]
WorkDateOption = Annotated[
    date | None, typer.Option("--date", parser=parse_day, help="2025-11-06; default: the next working day")
]
cli = typer.Typer()


@cli.callback()
def roster() -> None:
    """Plan and publish rosters."""


@cli.command()
def publish(
    region: RegionOption,
    opd: PlannedOpdOption,
    day: WorkDateOption = None,
    token: TokenOption = "",
    *,
    dry_run: DryRunOption = False,
) -> None:
    """Plan and publish the rosters of all units of an OPD on a date. No person is named."""
    day = day or _next_working_day(region, opd, token)
    path, body = f"/roster/v1/{region}/opd/{opd}", {"dates": [str(day)]}
    params = {"dry_run": "true"} if dry_run else {}
    answer = require_success(request("roster", "POST", f"{path}/plans", token, who=WHO, body=body, params=params))
    events = answer.json()["events"]
    if dry_run:
        _print_rosters([event["data"] for event in events])
        print(f"{len(events)} rosters of {opd} on {day} would be published.")
        return
    _print_rosters(require_success(request("roster", "GET", f"{path}/days/{day}", token, who=WHO)).json())
    print(f"{len(events)} rosters of {opd} on {day} were published." if events else "They were published already.")


def _next_working_day(region: str, opd: str, token: str) -> date:
    """Return the next working day of the calendar that the region has declared."""
    policy = require_success(request("policy", "GET", f"/policy/v1/{region}/opd/{opd}", token, who=WHO)).json()
    holidays = {date.fromisoformat(holiday["date"]) for holiday in policy["holidays"]}
    return next_working_day(local_date(Settings().domain_clock()(), region), holidays)


def _print_rosters(rosters: Sequence[Mapping[str, Any]]) -> None:
    for roster_ in sorted(rosters, key=lambda roster_: str(roster_["unit"])):
        heads = Counter(assignment["mode"] for assignment in roster_["assignments"])
        counts = [f"{heads[mode]} {where}" for mode, where in MODES.items() if heads[mode]]
        missing = roster_["plan"].get("objective") or 0
        shortage = f"; {missing:g} heads are missing at its posts" if missing else ""
        print(f"{roster_['unit']}: {', '.join(counts) or 'nobody at work'}{shortage}")
