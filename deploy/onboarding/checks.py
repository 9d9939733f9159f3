"""Lists the checks of `piket region check`, in the order of the checklist, and prints what is missing."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console

from deploy.doctor.checks import CHECKS, Check, start
from deploy.doctor.judgement.log import judge_rights
from deploy.doctor.judgement.verdict import Verdict
from deploy.doctor.probes.signals import Examination
from deploy.onboarding import observations as observe
from deploy.onboarding.judgement import readiness
from shared.kafka.broker import silence_client_logs
from shared.settings import Settings

OF_DEPLOYMENT = (
    "kafka",
    "topics",
    "store policy",
    "store roster",
    "tokens",
    "application",
    "relays",
    "workers",
    "view",
)
"""The checks of the doctor without which a region is not served."""
STORES = ("store policy", "store roster")
REGION_CHECKS: Sequence[Check[Any]] = (
    Check("settings", observe.observe_served, readiness.judge_served),
    *(check for check in CHECKS if check.name in OF_DEPLOYMENT),
    Check("kafka rights", observe.observe_rights, judge_rights, ["kafka"]),
    Check("calendar", observe.observe_policy, readiness.judge_calendar, ["store policy"]),
    Check("national base", observe.observe_policy, readiness.judge_national_base, ["store policy"]),
    Check("register", observe.observe_policy, readiness.judge_register, ["store policy"]),
    Check("people", observe.observe_staff, readiness.judge_staff, [*STORES, "register"]),
    Check("rosters", observe.observe_rosters, readiness.judge_rosters, [*STORES, "register"]),
    Check("board", observe.observe_board, readiness.judge_board, ["rosters", "application"]),
)
NAME_WIDTH, STATE_WIDTH = 15, 9


async def check_region(settings: Settings, region: str, console: Console) -> int:
    """Make all checks for one region, print a line for each thing that is missing, and return the exit status."""
    silence_client_logs()
    examination = Examination(settings.model_copy(update={"regions": region}))
    results = {name: await task for name, task in start(REGION_CHECKS, examination).items()}
    for line in report(region, results):
        console.print(line, soft_wrap=True, markup=False, highlight=False)
    return int(not all(result.healthy for result in results.values()))


def report(region: str, results: Mapping[str, Verdict]) -> Iterator[str]:
    """Yield a line for each check or missing thing, and a summary."""
    for name, result in results.items():
        for finding in result.findings:
            yield _line("missing", name, f"{finding.where} {finding.what}. Next: {finding.cure}")
        if result.not_checked:
            yield _line("later", name, f"waits for: {result.not_checked}")
        if result.healthy:
            yield _line("ok", name, result.evidence)
    missing = sum(len(result.findings) for result in results.values())
    unchecked = sum(bool(result.not_checked) for result in results.values())
    complete = f"Nothing is missing: region {region} has its first rosters, and the board shows them."
    yield complete if not (missing or unchecked) else f"Missing: {missing}. Steps that wait for them: {unchecked}."


def _line(state: str, name: str, text: str) -> str:
    return f"{state:{STATE_WIDTH}}{name:{NAME_WIDTH}}{text}"
