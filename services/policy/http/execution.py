"""Executes the commands of policy that arrive over HTTP, and describes the impact of a dry run."""

from collections.abc import Mapping, Sequence
from functools import partial

from fastapi import Response

from services.policy.domain import decider
from services.policy.domain.commands import PolicyCommand
from services.policy.domain.decider import State
from services.policy.domain.read_models.impact import impact_of
from shared.domain.envelope import Event
from shared.domain.facts.base import Fact
from shared.event_store.store import Store
from shared.web import Submission, submit


async def execute(submission: Submission, store: Store[State], command: PolicyCommand) -> Response:
    """Decide a command and return the response; a dry run also lists the dates that the command would change."""
    return await submit(submission, store, decider, command, dry_run_details=partial(impact, store))


async def impact(store: Store[State], events: Sequence[Event]) -> Mapping[str, object]:
    """Return the dates of OPD and units that the events of a dry run would change, as the body's field `days`."""
    facts: dict[str, list[Fact]] = {}
    for event in events:
        facts.setdefault(event.subject, []).append(event.data)
    changes = [
        change
        for stream, stream_facts in facts.items()
        for change in impact_of((await store.state(stream))[0], stream_facts)
    ]
    return {"days": [change.model_dump(mode="json") for change in changes]}
