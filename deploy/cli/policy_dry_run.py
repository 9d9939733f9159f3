"""`piket policy dry-run|enact`: an instrument or another command from a file."""

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

from deploy.cli.policy_files import asked, read
from deploy.cli.policy_questions import Reference, Region, sentences
from deploy.operations.sources import store_of
from deploy.reference_world.opd_catalogue import register
from services.policy.domain import decider
from services.policy.domain.commands import OpenOpd, PolicyCommand
from services.policy.domain.decider import State
from services.policy.domain.presets import replay
from services.policy.domain.read_models.enactment_preview import recording
from services.policy.domain.read_models.impact import changes
from services.policy.pages.enactment_form import NO_FUNCTION
from shared.clock import wall
from shared.domain.decider import Command, Context
from shared.domain.facts.base import Fact
from shared.domain.places import places
from shared.event_store.store import Store
from shared.settings import Settings

cli = typer.Typer()
PRINCIPAL = "operator:policy"
BEGINNING = date(2020, 1, 1)
WouldBe = Mapping[str, Sequence[Mapping[str, Any]]]

Written = Annotated[str, typer.Argument(help="a file (.yaml, .json), or the id of an instrument that ships with Piket")]


def _function(text: str) -> str:
    function = re.sub(r"\W+", "_", text.upper())
    if not re.fullmatch(r"[A-Z][A-Z0-9_]{2,39}", function):
        raise typer.BadParameter(f"{NO_FUNCTION.id} / {NO_FUNCTION.en}")
    return function


Attested = Annotated[
    str | None, typer.Option("--attested-by", parser=_function, help="the office that attests an earlier publication")
]


@cli.command("dry-run")
def dry_run(
    instrument: Written, region: Region, attested: Attested = None, *, from_reference: Reference = False
) -> None:
    """What a command would change: its events and every OPD-day with other rules. Nothing is stored.

    A file is an instrument to enact, or any command: `command: suspend` beside the fields of the HTTP body.
    """
    with sentences():
        command = asked(instrument, region, attested)
        told = rehearsed(command) if from_reference else asyncio.run(_rehearsed(command))
    print(json.dumps(told, indent=2, ensure_ascii=False))


@cli.command()
def enact(instrument: Written, region: Region, attested: Attested = None) -> None:
    """Enact an instrument in a region."""
    with sentences():
        command = recording(region, read(instrument), attested)
        events = asyncio.run(_enacted(command))
    print(f"{command.instrument.instrument}: {events} events stored." if events else "It was so already.")


def rehearsed(command: PolicyCommand) -> WouldBe:
    """What it would change in the reference world, as it is known at last."""
    region, books = command.region, replay.books(command.region)
    now = Context(wall(), replay.no_id)
    states: dict[str, State] = defaultdict(lambda: decider.initial)
    states[f"instruments/{region}"] = State(courses=books.courses)
    states[f"calendar/{region}"] = State(holidays=tuple(books.holidays))
    for opd in register(places()[region]) if region in places() else ():
        opening = OpenOpd(region=region, opd=opd.opd, name=opd.name, on=BEGINNING)
        own = decider.stream(opening)
        facts = decider.decide(opening, {**states, own: decider.initial}, now)[own]
        states[own] = reduce(decider.evolve, facts, decider.initial)
    changed = decider.decide(command, states, now)
    return _would_be(changed, states)


def _would_be(changed: Mapping[str, Sequence[Fact]], states: Mapping[str, State]) -> WouldBe:
    """The would-be events by type and subject, and every day that changes."""
    return {
        "events": [{"type": fact.TYPE, "subject": name} for name, facts in changed.items() for fact in facts],
        "days": [
            day.model_dump(mode="json") for name, facts in changed.items() for day in changes(states[name], facts)
        ],
    }


async def _rehearsed(command: PolicyCommand) -> WouldBe:
    store, changed = store_of(Settings(), "policy"), defaultdict[str, list[Fact]](list)
    for sealed in await store.rehearse(await _asked(store, command)):
        changed[sealed.event.subject].append(sealed.event.data)
    return _would_be(changed, {name: (await store.state(name))[0] for name in changed})


async def _enacted(command: PolicyCommand) -> int:
    store = store_of(Settings(), "policy")
    await store.open()
    return len((await store.execute(await _asked(store, command))).answer.events)


async def _asked(store: Store[State], command: PolicyCommand) -> Command[State]:
    """The key names the record that the command met: of two at once one is stored."""
    digest = hashlib.sha256(command.model_dump_json().encode()).hexdigest()
    return Command(
        region=command.region,
        stream=decider.stream(command),
        decide=partial(decider.decide, command),
        principal=PRINCIPAL,
        key=f"{digest}/{await store.head(command.region)}",
        fingerprint=digest,
        reads=decider.reads(command),
    )
