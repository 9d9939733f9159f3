"""Defines `piket policy dry-run`, `enact` and `record`, which take an instrument or another command from a file."""

import asyncio
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial, reduce
from typing import Annotated, Any

import typer

from deploy.cli.policy.errors import both_languages, exit_on_invalid
from deploy.cli.policy.files import read_command, read_instrument
from deploy.cli.policy.questions import ReferenceOption, RegionOption
from deploy.cli.policy.subjects import policy_store
from deploy.reference_world.opd_catalogue import register
from services.policy.domain import decider
from services.policy.domain.calendar import CalendarState
from services.policy.domain.commands import PolicyCommand
from services.policy.domain.decider import State
from services.policy.domain.instruments.lifecycle import InstrumentsState
from services.policy.domain.opd_commands import OpenOpd
from services.policy.domain.presets import replay
from services.policy.domain.read_models.enactment_preview import recording_command
from services.policy.domain.read_models.impact import impact_of
from services.policy.pages.enactment_form import NO_FUNCTION
from shared.clock import wall_time
from shared.domain.decider import Context, StoreCommand
from shared.domain.facts.base import Fact
from shared.domain.places import governments
from shared.event_store.store import Store
from shared.settings import Settings

cli = typer.Typer()
PRINCIPAL = "operator:policy"
REGISTER_START = date(2020, 1, 1)
DryRunResult = Mapping[str, Sequence[Mapping[str, Any]]]

InstrumentArgument = Annotated[str, typer.Argument(help="a file (.yaml, .json), or the id of a shipped instrument")]

CommandArgument = Annotated[str, typer.Argument(help="a file (.yaml, .json) with the field `command`")]


def _office_title(text: str) -> str:
    title = re.sub(r"\W+", "_", text.upper())
    if not re.fullmatch(r"[A-Z][A-Z0-9_]{2,39}", title):
        raise typer.BadParameter(both_languages(NO_FUNCTION))
    return title


AttestedByOption = Annotated[
    str | None, typer.Option("--attested-by", parser=_office_title, help="office that attests an earlier publication")
]


@cli.command("dry-run")
def dry_run(
    instrument: InstrumentArgument,
    region: RegionOption,
    attested: AttestedByOption = None,
    *,
    from_reference: ReferenceOption = False,
) -> None:
    """Print the events and the changed OPD-days of a command. Nothing is stored.

    A file holds an instrument to enact, or any command: `command: suspend` beside the fields of the HTTP body.
    """
    with exit_on_invalid():
        command = read_command(instrument, region, attested)
        effects = dry_run_on_reference_world(command) if from_reference else asyncio.run(_dry_run_on_store(command))
    print(json.dumps(effects, indent=2, ensure_ascii=False))


@cli.command()
def enact(instrument: InstrumentArgument, region: RegionOption, attested: AttestedByOption = None) -> None:
    """Enact an instrument in a region."""
    with exit_on_invalid():
        command = recording_command(region, read_instrument(instrument), attested)
        events = asyncio.run(execute(command))
    _print_outcome(command.instrument.instrument, events)


@cli.command()
def record(file: CommandArgument, region: RegionOption) -> None:
    """Record the command of a file, which `dry-run` shows: `command: declare-holidays`, `open`, `suspend`, ..."""
    with exit_on_invalid():
        events = asyncio.run(execute(read_command(file, region, None)))
    _print_outcome(file, events)


def _print_outcome(what: str, events: int) -> None:
    count = "1 event" if events == 1 else f"{events} events"
    print(f"{what}: {count} stored." if events else "It was recorded already.")


def dry_run_on_reference_world(command: PolicyCommand) -> DryRunResult:
    """Return the effects of a command in the reference world, as known at the latest instant."""
    region, snapshot = command.region, replay.reference_snapshot(command.region)
    now = Context(wall_time(), replay.unexpected_id)
    states: dict[str, State] = defaultdict(lambda: decider.initial)
    states[f"instruments/{region}"] = InstrumentsState(snapshot.instruments)
    states[f"calendar/{region}"] = CalendarState(tuple(snapshot.holidays))
    for opd in register(governments()[region]) if region in governments() else ():
        opening = OpenOpd(region=region, opd=opd.opd, name=opd.name, on=REGISTER_START)
        stream = decider.stream(opening)
        facts = decider.decide(opening, {**states, stream: decider.initial}, now)[stream]
        states[stream] = reduce(decider.evolve, facts, decider.initial)
    new_facts = decider.decide(command, states, now)
    return _effects(new_facts, states)


def _effects(new_facts: Mapping[str, Sequence[Fact]], states: Mapping[str, State]) -> DryRunResult:
    """Return type and subject of each event, and each OPD-day that it changes."""
    return {
        "events": [{"type": fact.TYPE, "subject": name} for name, facts in new_facts.items() for fact in facts],
        "days": [
            day.model_dump(mode="json") for name, facts in new_facts.items() for day in impact_of(states[name], facts)
        ],
    }


async def _dry_run_on_store(command: PolicyCommand) -> DryRunResult:
    new_facts = defaultdict[str, list[Fact]](list)
    async with policy_store(Settings()) as store:
        for sealed in await store.dry_run(await _store_command(store, command)):
            new_facts[sealed.event.subject].append(sealed.event.data)
        return _effects(new_facts, {name: (await store.state(name))[0] for name in new_facts})


async def execute(command: PolicyCommand) -> int:
    """Store the events of a command in the store of the deployment, and return their number."""
    async with policy_store(Settings()) as store:
        await store.open()
        return len((await store.execute(await _store_command(store, command))).answer.events)


async def _store_command(store: Store[State], command: PolicyCommand) -> StoreCommand[State]:
    """Return the command for the store.

    Its idempotency key holds the head of the region: of two equal commands at the same time, only one is stored.
    """
    digest = hashlib.sha256(command.model_dump_json().encode()).hexdigest()
    return StoreCommand(
        region=command.region,
        stream=decider.stream(command),
        decide=partial(decider.decide, command),
        principal=PRINCIPAL,
        key=f"{digest}/{await store.head(command.region)}",
        fingerprint=digest,
        reads=decider.reads(command),
    )
