"""Enacts a shipped instrument by the form of a page, with the same permission, command and key as the HTTP API."""

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
from services.policy.domain.presets.catalogue import preset
from services.policy.domain.read_models.enactment_preview import recording_command
from shared.domain.decider import KeyReused
from shared.domain.errors import Invalid
from shared.domain.messages import Message, Text
from shared.event_store.database import Unavailable
from shared.event_store.store import Store
from shared.identity import Action, Principal, Scope
from shared.web import Problem, Submission, authorize, submit
from shared.web.access import verified
from shared.web.problem_types import PROBLEM_TYPES
from shared.web.sign_in import require_own_form, signed_in
from shared.web.sign_in.forms import FIELD
from shared.web.submission import fingerprint

# The same keys as the header `Idempotency-Key` of the HTTP API accepts.
KEY_PATTERN = re.compile(r"[\x21-\x7e]{8,128}")
NO_TOKEN = Message("Masuk atau isi token Anda, lalu tetapkan lagi.")
NO_FUNCTION = Message("Tulis nama jabatan dengan huruf, angka dan spasi, misalnya KEPALA BKD; jangan nama orang.")


@dataclass(frozen=True)
class FormInput:
    """The input of the form, without the token: it is only checked, and never stored or sent back."""

    preset: str = ""
    attested_by: str = ""
    key: str = field(default_factory=token_urlsafe)
    """The idempotency key, created with the form: a form that is sent twice enacts once."""


@dataclass(frozen=True)
class FormError:
    """The reasons why nothing was stored, with the input to fill into the form again."""

    status: int
    reasons: Sequence[Text]
    form_input: FormInput


async def enact_from_form(request: Request, store: Store[State], region: str) -> FormInput | FormError:
    """Record the instrument that the form names if its sender may enact in the region."""
    fields = parse_qs((await request.body()).decode(errors="replace"))
    form_input = _form_input(fields)
    try:
        principal = await _sender(request, fields)
        response = await _submit(request, store, region, form_input, principal)
    except EXPECTED_ERRORS as error:
        return _form_error(error, form_input)
    return form_input if response.status_code < 400 else _problem_error("refused", form_input)


EXPECTED_ERRORS = (KeyReused, Unavailable, Problem, Invalid)


def _form_error(error: Exception, form_input: FormInput) -> FormError:
    match error:
        case KeyReused():
            # The key belongs to another request already, so the form gets a new one.
            return _problem_error("key-reused", FormInput(form_input.preset, form_input.attested_by))
        case Problem():
            return _problem_error(error.slug, form_input)
        case Invalid():
            return FormError(422, [e.message for e in error.errors], form_input)
    return _problem_error("unavailable", form_input)


async def _sender(request: Request, fields: dict[str, list[str]]) -> Principal:
    """Return who sent the form: the person of the session, or without one the person of the token in the form.

    Another site cannot forge the request (CSRF): it knows neither the token nor the field `csrf` of the session.
    """
    if token := _first_value(fields, "token"):
        return await verified(request, token)
    person = await signed_in(request)
    require_own_form(request, person, _first_value(fields, FIELD))
    return person.principal


async def _submit(
    request: Request, store: Store[State], region: str, form_input: FormInput, principal: Principal
) -> Response:
    authorize(principal, Action.ENACT, Scope(region))
    command = _command(region, form_input)
    body = command.model_dump_json().encode()
    submission = Submission(principal, form_input.key, fingerprint(request.method, request.url.path, body), None)
    return await submit(submission, store, decider, command)


def _command(region: str, form_input: FormInput) -> EnactInstrument | DraftInstrument:
    office = re.sub(r"\W+", "_", form_input.attested_by.upper())
    try:
        return recording_command(region, preset(form_input.preset), office or None)
    except LookupError as error:
        raise Problem("not-found") from error
    except ValidationError as error:
        # A preset is always valid, so the only field that can be wrong is the title of the office.
        raise Invalid("/published_attested_by", NO_FUNCTION) from error


def _form_input(fields: dict[str, list[str]]) -> FormInput:
    form_input = FormInput(_first_value(fields, "contoh")[:64], _first_value(fields, "menegaskan")[:60])
    key = _first_value(fields, "kunci")
    return FormInput(form_input.preset, form_input.attested_by, key) if KEY_PATTERN.fullmatch(key) else form_input


def _first_value(fields: dict[str, list[str]], name: str) -> str:
    return fields.get(name, [""])[0].strip()


def _problem_error(slug: str, form_input: FormInput) -> FormError:
    problem = PROBLEM_TYPES[slug]
    reason = NO_TOKEN if slug == "token-missing" else problem.detail
    return FormError(problem.status, [reason], form_input)
