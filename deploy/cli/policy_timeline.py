"""`piket policy timeline|diff`: the rules of an OPD by date, and what was recorded between two instants."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from datetime import datetime

import typer

from deploy.cli.policy_questions import AsJson, InForce, KnownBy, Opd, Reference, Region, at, given, sentences
from deploy.cli.policy_subjects import code
from deploy.operations.sources import store_of
from services.policy import snapshots
from services.policy.domain.explanation.clauses import OfPeriod, clauses
from services.policy.domain.explanation.phrases import approval
from services.policy.domain.presets import replay
from services.policy.domain.resolution.diff import differing
from services.policy.domain.snapshot import PolicySnapshot
from services.policy.http.queries import timeline_of
from shared.domain.facts.policy import Period
from shared.settings import Settings

cli = typer.Typer()
TOLD = ("pattern", "max_share", "weekly_cap_days", "hours", "forced_on_site_positions", "places")
"""What a line of the timeline says of a period; `explain` says the rest."""


@cli.command()
def timeline(
    region: Region, opd: Opd, known_by: KnownBy = None, in_force: InForce = None, *,
    from_reference: Reference = False, as_json: AsJson = False,
) -> None:  # fmt: skip
    """The rules of an OPD by date, in words."""
    with sentences():
        told = _books(region, opd, known_by, in_force, from_reference=from_reference)
    if as_json:
        _shown(timeline_of(told, code(opd)).model_dump(mode="json", exclude_none=True))
        return
    for period in told.told(code(opd)).periods:
        last = str(period.to or "")
        print(f"{period.from_} .. {last:10}  {' '.join(_said(told, period)) or '-'}")


@cli.command()
def diff(
    region: Region, opd: Opd, before: KnownBy, after: KnownBy = None, *,
    from_reference: Reference = False, as_json: AsJson = True,  # noqa: ARG001 - it is JSON in any case
) -> None:  # fmt: skip
    """Which dates have other rules by what was recorded between two instants, as JSON."""
    with sentences():
        was, now = [_books(region, opd, instant, None, from_reference=from_reference) for instant in (before, after)]
    found = differing(code(opd), was.told(code(opd)), now.told(code(opd)))
    _shown([day.model_dump(mode="json") for day in found])


def _shown(found: object) -> None:
    print(json.dumps(found, indent=2, ensure_ascii=False))


def _books(
    region: str, opd: str, known_by: datetime | None, in_force: Sequence[str] | None, *, from_reference: bool
) -> PolicySnapshot:
    instant = at(known_by, region)
    if from_reference:
        return replay.books(region, instant, dict(map(given, in_force or ())))
    return asyncio.run(_stored(region, code(opd), instant))


async def _stored(region: str, opd: str, known_by: datetime | None) -> PolicySnapshot:
    store = store_of(Settings(), "policy")
    await snapshots.entry(store, region, opd)
    return await snapshots.books(store, region, known_by)


def _said(books: PolicySnapshot, period: Period) -> Iterator[str]:
    """What decides in a period where somebody works, and what may be granted, each with who gave it."""
    told = clauses(period.rules, OfPeriod(period, books.title))
    yield from (text.id for rule, text in told if rule in TOLD)
    yield from (approval(offer, books.title(offer.instrument or "")).id for offer in period.rules.approvals)
