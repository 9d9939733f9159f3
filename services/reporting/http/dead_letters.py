# ruff: noqa: D103 - the docstring of an endpoint would become a part of the OpenAPI document; the summary is enough
"""Serves the dead letters of a region to its operators: `/reporting/v1/{region}/dead-letters`.

The bytes of a record may be personal data: they leave only through `read_record`, which records who reads them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from services.reporting.dead_letters.readings import record_reading
from services.reporting.dead_letters.records import KAFKA_ERRORS
from services.reporting.dead_letters.replay import GONE, DeadLetters, absent, not_found, unreachable
from services.reporting.domain import decider
from services.reporting.domain.dead_letters import DeadLetterEntry, RecordPosition, stream_prefix
from services.reporting.domain.decider import State
from services.reporting.http.decisions import discard_letter, replay_letter
from shared.domain.envelope import event_name
from shared.domain.facts.base import Command, Region, Value
from shared.domain.facts.reporting.dead_letters import (
    DeadLetterDiscarded,
    PartitionNumber,
    ReasonCode,
    RecordOffset,
    TopicName,
)
from shared.identity import Action, Scope
from shared.web import authorize
from shared.web.dependencies import ClockDep, DatabaseDep, PrincipalDep, StoreDep, SubmissionDep

LETTER = "/{topic}/{partition}/{offset}"

router = APIRouter(prefix="/reporting/v1/{region}/dead-letters")


class DiscardRequest(Command):
    """The body of a request that discards a dead letter."""

    reason: ReasonCode


class ListedLetter(Value):
    """A dead letter as it is listed: `decision` is `dead-letter-replayed`, `dead-letter-discarded` or None (open)."""

    topic: str
    partition: int
    offset: int
    unreadable: str
    detail: str
    first: datetime
    last: datetime
    letters: int
    size: int
    sha256: str
    decision: str | None = None
    discarded_because: str | None = None


class RecordBytes(Value):
    """The bytes of a record, as text if they are UTF-8, and in hex."""

    text: str | None
    hex: str


async def dead_letters(request: Request) -> DeadLetters:
    """Return the application's dead letters."""
    letters: DeadLetters = request.app.state.dead_letters
    return letters


DeadLettersDep = Annotated[DeadLetters, Depends(dead_letters)]
"""The application's dead letters."""


async def record_position(
    region: Region, topic: TopicName, partition: PartitionNumber, offset: RecordOffset
) -> RecordPosition:
    """Return the position that a path names. Raise a 404 problem if the topic is not of the region."""
    position = RecordPosition(region, topic, partition, offset)
    if topic.split(".")[1] != region:
        raise absent(position)
    return position


PositionDep = Annotated[RecordPosition, Depends(record_position)]
"""The position of the record that a path names."""


@router.get("", summary="The dead letters of a region, the newest first", name="dead_letters")
async def list_letters(
    region: Region, principal: PrincipalDep, letters: DeadLettersDep, store: StoreDep[State]
) -> list[ListedLetter]:
    authorize(principal, Action.OPERATE, Scope(region))
    try:
        entries = await letters.entries(region)
    except KAFKA_ERRORS as error:
        raise unreachable() from error
    return listed_letters([*entries.values()], await store.states(stream_prefix(region)))


@router.get(LETTER, summary="The bytes of a dead letter's record; each request is recorded", name="dead_letter")
async def read_record(
    position: PositionDep, principal: PrincipalDep, letters: DeadLettersDep, database: DatabaseDep, now: ClockDep
) -> RecordBytes:
    authorize(principal, Action.OPERATE, Scope(position.region))
    entry = await letters.entry(position)
    await record_reading(database, position, principal.subject, now())
    value = await letters.original(entry)
    if value is None:
        raise not_found(GONE)
    return RecordBytes(text=_text(value), hex=value.hex())


@router.post(f"{LETTER}/replay", status_code=201, summary="Send the event of a dead letter to its topic again")
async def replay(
    position: PositionDep, submission: SubmissionDep, letters: DeadLettersDep, store: StoreDep[State]
) -> Response:
    return await replay_letter(position, submission, letters, store)


@router.post(f"{LETTER}/discard", status_code=201, summary="Discard a dead letter")
async def discard(
    position: PositionDep,
    body: DiscardRequest,
    submission: SubmissionDep,
    letters: DeadLettersDep,
    store: StoreDep[State],
) -> Response:
    return await discard_letter(position, body.reason, submission, letters, store)


def listed_letters(entries: Sequence[DeadLetterEntry], states: Mapping[str, State]) -> list[ListedLetter]:
    """Return the rows of the list, the newest first."""
    newest_first = sorted(entries, key=lambda entry: entry.last, reverse=True)
    return [_listed_letter(entry, states.get(entry.position.stream, decider.initial)) for entry in newest_first]


def _listed_letter(entry: DeadLetterEntry, state: State) -> ListedLetter:
    decision = state.decision_about(entry.sha256)
    return ListedLetter(
        **{name: value for name, value in entry.position._asdict().items() if name != "region"},
        unreadable=entry.code,
        detail=entry.reason,
        first=entry.first,
        last=entry.last,
        letters=entry.letters,
        size=entry.size,
        sha256=entry.sha256,
        decision=event_name(decision.TYPE) if decision else None,
        discarded_because=decision.reason if isinstance(decision, DeadLetterDiscarded) else None,
    )


def _text(value: bytes) -> str | None:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None
