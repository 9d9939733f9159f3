"""Defines `piket policy timeline`, the rules of an OPD by date, and `diff`, their changes between two instants."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from datetime import datetime

import typer

from deploy.cli.policy.errors import exit_on_invalid
from deploy.cli.policy.questions import (
    InForceOption,
    JsonOption,
    KnownByOption,
    OpdOption,
    ReferenceOption,
    RegionOption,
    parse_in_force,
)
from deploy.cli.policy.subjects import code, policy_store, with_zone
from services.policy import snapshots
from services.policy.domain.explanation.attribution import PeriodAttribution
from services.policy.domain.explanation.clauses import rule_clauses
from services.policy.domain.explanation.phrases import approval_sentence
from services.policy.domain.presets import replay
from services.policy.domain.resolution.diff import diff_timelines
from services.policy.domain.snapshot import PolicySnapshot
from services.policy.http.queries import opd_rules
from shared.domain.facts.policy import Period
from shared.domain.messages import INDONESIAN, render
from shared.settings import Settings

cli = typer.Typer()
PRINTED_RULES = ("pattern", "max_share", "weekly_cap_days", "hours", "forced_on_site_positions", "places")
"""Rules that a line of the timeline shows; `piket policy explain` shows all."""


@cli.command()
def timeline(
    region: RegionOption, opd: OpdOption, known_by: KnownByOption = None, in_force: InForceOption = None, *,
    from_reference: ReferenceOption = False, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Print the rules of an OPD by date."""
    with exit_on_invalid():
        snapshot = _snapshot(region, opd, known_by, in_force, from_reference=from_reference)
    if as_json:
        _print_json(opd_rules(snapshot, code(opd)).model_dump(mode="json", exclude_none=True))
        return
    for period in snapshot.timeline_of(code(opd)).periods:
        last = str(period.to or "")
        print(f"{period.from_} .. {last:10}  {' '.join(_clause_texts(snapshot, period)) or '-'}")


@cli.command()
def diff(
    region: RegionOption, opd: OpdOption, before: KnownByOption, after: KnownByOption = None, *,
    from_reference: ReferenceOption = False, as_json: JsonOption = True,  # noqa: ARG001 - the output is always JSON
) -> None:  # fmt: skip
    """Print the dates whose rules were changed by events recorded between two instants, as JSON."""
    with exit_on_invalid():
        earlier, later = [
            _snapshot(region, opd, instant, None, from_reference=from_reference) for instant in (before, after)
        ]
    changes = diff_timelines(code(opd), earlier.timeline_of(code(opd)), later.timeline_of(code(opd)))
    _print_json([day.model_dump(mode="json") for day in changes])


def _print_json(value: object) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False))


def _snapshot(
    region: str, opd: str, known_by: datetime | None, in_force: Sequence[str] | None, *, from_reference: bool
) -> PolicySnapshot:
    instant = with_zone(known_by, region)
    if from_reference:
        return replay.reference_snapshot(region, instant, dict(map(parse_in_force, in_force or ())))
    return asyncio.run(_snapshot_from_store(region, code(opd), instant))


async def _snapshot_from_store(region: str, opd: str, known_by: datetime | None) -> PolicySnapshot:
    async with policy_store(Settings()) as store:
        await snapshots.load_entry(store, region, opd)
        return await snapshots.load_snapshot(store, region, known_by)


def _clause_texts(snapshot: PolicySnapshot, period: Period) -> Iterator[str]:
    """Yield the clauses that decide where employees work in a period, then the possible approvals, with sources."""
    period_clauses = rule_clauses(period.rules, PeriodAttribution(period, snapshot.title))
    yield from (render(text, INDONESIAN) for rule, text in period_clauses if rule in PRINTED_RULES)
    for offer in period.rules.approvals:
        yield render(approval_sentence(offer, snapshot.title(offer.instrument or "")), INDONESIAN)
