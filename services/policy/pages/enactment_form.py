"""A shipped instrument enacted by the form of a page, as the API does it: the same right, command and key."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from secrets import token_urlsafe
from urllib.parse import parse_qs

from fastapi import Request
from pydantic import ValidationError
from starlette.responses import Response

from services.policy.domain import decider
from services.policy.domain.commands import DraftInstrument, EnactInstrument
from services.policy.domain.decider import State
from services.policy.domain.explanation.phrases import said
from services.policy.domain.presets.catalogue import preset
from services.policy.domain.read_models.enactment_preview import recording
from shared.domain.decider import KeyReused
from shared.domain.facts.base import Invalid
from shared.domain.facts.policy import Said
from shared.event_store.database import Unavailable
from shared.event_store.store import Store
from shared.identity import Action, Identity, Scope, TokenRefused
from shared.web import Problem, Submission, require, submit
from shared.web.problem_types import KINDS
from shared.web.submission import fingerprint

KEY = re.compile(r"[\x21-\x7e]{8,128}")
NO_TOKEN = said("Isi token Anda, lalu tetapkan lagi.", "Enter your token, then enact again.")
NO_FUNCTION = said(
    "Tulis nama jabatan dengan huruf, angka dan spasi, misalnya KEPALA BKD; jangan nama orang.",
    "Write the title of an office in letters, digits and spaces, such as KEPALA BKD; never a person's name.",
)


@dataclass(frozen=True)
class Filled:
    """What was typed into the form. The token is no part of it: it is checked and forgotten."""

    example: str = ""
    attested_by: str = ""
    key: str = field(default_factory=token_urlsafe)
    """The idempotency key: made with the form, so that sending it twice enacts once."""


@dataclass(frozen=True)
class Refused:
    """Why nothing was stored, and what was typed."""

    status: int
    why: Sequence[Said]
    filled: Filled


async def enact(request: Request, store: Store[State], region: str) -> Filled | Refused:
    """Record the instrument that the form names, if the bearer of its token may enact in the region.

    No cookie takes part: only who knows the token can send the form, so another site cannot forge it (CSRF).
    """
    sent = parse_qs((await request.body()).decode(errors="replace"))
    filled, token = _filled(sent), _one(sent, "token")
    try:
        answer = await _submit(request, store, region, filled, token)
    except EXPECTED as refused:
        return _refusal(refused, filled)
    return filled if answer.status_code < 400 else _told("refused", filled)


EXPECTED = (KeyReused, Unavailable, TokenRefused, Problem, Invalid)


def _refusal(refused: Exception, filled: Filled) -> Refused:
    """Why nothing was stored; a key that was used for another body is not given back."""
    match refused:
        case KeyReused():
            return _told("key-reused", Filled(filled.example, filled.attested_by))
        case TokenRefused() | Problem():
            return _told(refused.slug, filled)
        case Invalid():
            return Refused(422, [said(fault.indonesian, fault.english) for fault in refused.faults], filled)
    return _told("unavailable", filled)


async def _submit(request: Request, store: Store[State], region: str, filled: Filled, token: str) -> Response:
    if not token:
        raise Problem("token-missing")
    identity: Identity = request.app.state.identity
    principal = identity.principal(token)
    require(principal, Action.ENACT, Scope(region))
    command = _command(region, filled)
    meaning = command.model_dump_json().encode()
    asked = Submission(principal, filled.key, fingerprint(request.method, request.url.path, meaning), None)
    return await submit(asked, store, decider, command)


def _command(region: str, filled: Filled) -> EnactInstrument | DraftInstrument:
    function = re.sub(r"\W+", "_", filled.attested_by.upper())
    try:
        return recording(region, preset(filled.example), function or None)
    except LookupError as unknown:
        raise Problem("not-found") from unknown
    except ValidationError as no_function:
        raise Invalid("/published_attested_by", NO_FUNCTION.id, NO_FUNCTION.en) from no_function


def _filled(sent: dict[str, list[str]]) -> Filled:
    filled = Filled(_one(sent, "contoh")[:64], _one(sent, "menegaskan")[:60])
    key = _one(sent, "kunci")
    return Filled(filled.example, filled.attested_by, key) if KEY.fullmatch(key) else filled


def _one(sent: dict[str, list[str]], name: str) -> str:
    return sent.get(name, [""])[0].strip()


def _told(slug: str, filled: Filled) -> Refused:
    kind = KINDS[slug]
    why = NO_TOKEN if slug == "token-missing" else said(kind.detail, kind.detail_en)
    return Refused(kind.status, [why], filled)
