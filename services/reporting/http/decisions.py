"""Replays or discards a dead letter, for the HTTP API and for the form of the page."""

from collections.abc import Mapping

from fastapi import Response

from services.reporting.dead_letters.replay import DeadLetters
from services.reporting.domain import decider
from services.reporting.domain.commands import DiscardDeadLetter, ReplayDeadLetter
from services.reporting.domain.dead_letters import DeadLetterEntry, RecordPosition
from services.reporting.domain.decider import State
from shared.domain.facts.reporting.dead_letters import DeadLetterReplayed
from shared.event_store.store import Store
from shared.identity import Action, Scope
from shared.web import Submission, authorize, submit


async def replay_letter(
    position: RecordPosition, submission: Submission, letters: DeadLetters, store: Store[State]
) -> Response:
    """Send the event of a dead letter again, then record it. Raises `Invalid` if that is not possible."""
    authorize(submission.principal, Action.OPERATE, Scope(position.region))
    entry = await letters.entry(position)
    state, _ = await store.state(position.stream)
    if not isinstance(state.decision_about(entry.sha256), DeadLetterReplayed):
        event = await letters.stored_event(entry)
        # Sent before it is recorded: a crash between the two repeats the event, which readers ignore. The other order
        # would lose it.
        if not submission.dry_run:
            await letters.send(event)
    return await submit(submission, store, decider, ReplayDeadLetter(**_command_fields(entry)))


async def discard_letter(
    position: RecordPosition, reason: str, submission: Submission, letters: DeadLetters, store: Store[State]
) -> Response:
    """Record that a dead letter is not needed."""
    authorize(submission.principal, Action.OPERATE, Scope(position.region))
    entry = await letters.entry(position)
    return await submit(submission, store, decider, DiscardDeadLetter(**_command_fields(entry), reason=reason))


def _command_fields(entry: DeadLetterEntry) -> Mapping[str, object]:
    return {**entry.position._asdict(), "unreadable": entry.code, "sha256": entry.sha256}
