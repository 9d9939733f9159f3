"""Replays or discards a dead letter by the form of the page, with the same right, command and key as the HTTP API."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import parse_qs

from fastapi import Request
from pydantic import BaseModel, StringConstraints, TypeAdapter, ValidationError

from services.reporting.dead_letters.replay import DeadLetters
from services.reporting.domain.dead_letters import RecordPosition
from services.reporting.domain.decider import State
from services.reporting.http.decisions import discard_letter, replay_letter
from shared.domain.decider import KeyReused
from shared.domain.errors import Invalid
from shared.domain.facts.reporting.dead_letters import PartitionNumber, ReasonCode, RecordOffset, TopicName
from shared.domain.messages import Message, Text
from shared.event_store.database import Unavailable
from shared.event_store.store import Store
from shared.web import Problem, Submission
from shared.web.problem_types import PROBLEM_TYPES
from shared.web.sign_in import SignedIn, require_own_form
from shared.web.submission import fingerprint

INCOMPLETE = Message("Formulir tidak lengkap. Muat ulang halaman, lalu putuskan lagi.")
Key = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{8,128}$")]


class DecisionForm(BaseModel):
    """The fields of the form. The key is created with the form: a form that is sent twice decides once."""

    tindakan: Literal["kirim-ulang", "buang"]
    topic: TopicName
    partition: PartitionNumber
    offset: RecordOffset
    alasan: ReasonCode = "BROKEN_BYTES"
    kunci: Key


@dataclass(frozen=True)
class DecisionError:
    """Why nothing was decided: an HTTP status, and the reasons for the reader."""

    status: int
    reasons: tuple[Text, ...]


_form = TypeAdapter(DecisionForm)


async def decide_from_form(
    request: Request, signed_in: SignedIn, letters: DeadLetters, store: Store[State]
) -> DecisionError | None:
    """Decide what the form says; return the error if nothing was decided."""
    try:
        await _decide(request, signed_in, letters, store)
    except Problem as problem:
        return _error(problem.slug, [part.message for part in problem.errors])
    except KeyReused:
        return _error("key-reused")
    except Unavailable:
        return _error("unavailable")
    except ValidationError:
        return DecisionError(422, (INCOMPLETE,))
    except Invalid as invalid:
        return DecisionError(422, tuple(error.message for error in invalid.errors))
    return None


async def _decide(request: Request, signed_in: SignedIn, letters: DeadLetters, store: Store[State]) -> None:
    fields = parse_qs((await request.body()).decode(errors="replace"))
    require_own_form(request, signed_in, fields.get("csrf", [""])[0])
    form = _form.validate_python({name: values[0] for name, values in fields.items()})
    position = RecordPosition(signed_in.region, form.topic, form.partition, form.offset)
    content = form.model_dump_json(exclude={"kunci"}).encode()
    submission = Submission(signed_in.principal, form.kunci, fingerprint("POST", request.url.path, content), None)
    if form.tindakan == "kirim-ulang":
        await replay_letter(position, submission, letters, store)
    else:
        await discard_letter(position, form.alasan, submission, letters, store)


def _error(slug: str, reasons: Sequence[Text] = ()) -> DecisionError:
    problem = PROBLEM_TYPES[slug]
    return DecisionError(problem.status, tuple(reasons) or (problem.detail,))
