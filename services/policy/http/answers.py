"""Defines the bodies of answers, which carry every text in both languages, and renders answers into them."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from services.policy.catalogue import CATALOGUE
from services.policy.domain.explanation.answer import Answer, OfficeHours
from shared.domain.facts.instruments import BilingualText
from shared.domain.facts.policy import Conflict
from shared.domain.facts.rules import AllowedPlace, Presence
from shared.domain.work_location import Location

RenderedText = Annotated[BilingualText, BeforeValidator(CATALOGUE.bilingual)]
"""A message in both languages."""


class ExplanationStep(BaseModel):
    """One rule of the chain: its sentence, its source instrument, and whether it decides the answer."""

    model_config = ConfigDict(from_attributes=True)

    rule: str
    instrument: str | None
    binds: bool
    says: RenderedText


class PolicyAnswer(BaseModel):
    """Where somebody works on a date under the rules in force, and why.

    `because` explains the answer: outcome, deciding reasons and notes.
    """

    model_config = ConfigDict(from_attributes=True, serialize_by_alias=True)

    region: str
    opd: str
    date: date
    class_: str = Field(serialization_alias="class")
    answer: Location
    max_share: float | None
    hours: OfficeHours | None
    presence: Presence | None
    places: tuple[AllowedPlace, ...]
    won_by: Mapping[str, str]
    conflicts: tuple[Conflict, ...]
    because: RenderedText
    chain: tuple[ExplanationStep, ...]


def answer_body(answer: Answer) -> PolicyAnswer:
    """Return the body of an answer."""
    return PolicyAnswer.model_validate(answer)
