"""Serves the questions about the rules over HTTP: where somebody works and why, the timeline and its changes."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.policy import snapshots
from services.policy.domain.decider import State, opd_state
from services.policy.domain.explanation.answer import answer
from services.policy.domain.instruments.in_force import supersession_dates
from services.policy.domain.instruments.lifecycle import (
    OPEN_END,
    InstrumentHistory,
    state_changes,
    state_on,
)
from services.policy.domain.reference_data.positions import position_code
from services.policy.domain.resolution.conflicts import conflicts
from services.policy.domain.resolution.diff import RuleChange, diff_timelines
from services.policy.domain.resolution.periods import merge_adjacent
from services.policy.domain.snapshot import PolicyQuery, PolicySnapshot
from services.policy.http.answers import ExplanationStep, PolicyAnswer, answer_body
from shared.domain.errors import Invalid
from shared.domain.facts.base import Code, Day, Region
from shared.domain.facts.instruments import BilingualText, Instrument
from shared.domain.facts.policy import Conflict, Period
from shared.domain.facts.rules import VocabularyCode
from shared.domain.regions import local_date
from shared.domain.work_location import StaffProfile
from shared.event_store.store import Store
from shared.identity import Action, Scope
from shared.web import authorize
from shared.web.dependencies import ClockDep, PrincipalDep, StoreDep
from shared.web.problem import Problem, query_error

KnownBy = Annotated[AwareDatetime | None, Query(description="answer from what was recorded until this instant")]

router = APIRouter(prefix="/policy/v1/{region}")


class QueryParameters(BaseModel):
    """The subject of a question: a unit of the OPD, or a typical unit of a class, and optionally a person in it."""

    model_config = ConfigDict(extra="forbid")

    date: Day
    unit: Code | None = None
    class_: Annotated[str | None, Field(alias="class", pattern=r"^(NON_SERVICE|MIXED|DIRECT|EMERGENCY_24X7)$")] = None
    position: Annotated[str | None, Field(min_length=1, max_length=60)] = None
    job_type: VocabularyCode | None = None
    site: Code | None = None
    approved: bool = False
    known_by: AwareDatetime | None = None


class ExplainedAnswer(BaseModel):
    """The explanation of an answer as text, and the chain of rules that led to it."""

    because: BilingualText
    chain: tuple[ExplanationStep, ...]


class StateChange(BaseModel):
    """A state of an instrument, and the first date on which it has it."""

    model_config = ConfigDict(serialize_by_alias=True)

    state: str
    from_: date = Field(serialization_alias="from")


class InstrumentStates(BaseModel):
    """A recorded instrument, its state on the queried date, and all its states by date."""

    state: str
    states: tuple[StateChange, ...]
    instrument: Instrument


class OpdRules(BaseModel):
    """The rules of an OPD by date, and the conflicts between them."""

    periods: tuple[Period, ...]
    conflicts: tuple[Conflict, ...]


async def find_answer(
    region: Region,
    opd: Code,
    parameters: Annotated[QueryParameters, Query()],
    principal: PrincipalDep,
    store: StoreDep[State],
) -> PolicyAnswer:
    """Return the answer to a question. Raise a 404 problem for an unknown OPD or unit."""
    authorize(principal, Action.READ_POLICY, Scope(region, opd))
    snapshot = await snapshots.load_snapshot(store, region, parameters.known_by)
    profile = await _load_profile(store, snapshot, opd, parameters)
    return answer_body(answer(snapshot, PolicyQuery(opd, parameters.date, profile, parameters.approved)))


@router.get("/opd/{opd}/effective", summary="Where somebody works on a date, and why")
async def effective(answer: Annotated[PolicyAnswer, Depends(find_answer)]) -> PolicyAnswer:
    """Return where the subject works on the date, under which rules."""
    return answer


@router.get("/opd/{opd}/explain", summary="The explanation of an answer, and the chain of rules")
async def explain(answer: Annotated[PolicyAnswer, Depends(find_answer)]) -> ExplainedAnswer:
    """Return the explanation of the same answer, and every rule that led to it."""
    return ExplainedAnswer(because=answer.because, chain=answer.chain)


@router.get("/instruments", summary="All recorded instruments with their states")
async def instruments(
    region: Region,
    principal: PrincipalDep,
    store: StoreDep[State],
    now: ClockDep,
    on: Day | None = None,
    known_by: KnownBy = None,
) -> list[InstrumentStates]:
    """Return the instruments of the region with their states; `on` is today by default."""
    authorize(principal, Action.READ_POLICY, Scope(region))
    snapshot = await snapshots.load_snapshot(store, region, known_by)
    return instrument_states(snapshot, on or local_date(now(), region))


@router.get("/opd/{opd}/timeline", summary="The rules of an OPD by date")
async def timeline(
    region: Region, opd: Code, principal: PrincipalDep, store: StoreDep[State], known_by: KnownBy = None
) -> OpdRules:
    """Return the periods in which the rules of an OPD are the same, and the conflicts between rules."""
    authorize(principal, Action.READ_POLICY, Scope(region, opd))
    await _require_registered(store, region, opd)
    return opd_rules(await snapshots.load_snapshot(store, region, known_by), opd)


@router.get("/opd/{opd}/diff", summary="The dates whose rules changed between two instants of recording")
async def diff(
    region: Region,
    opd: Code,
    principal: PrincipalDep,
    store: StoreDep[State],
    before: AwareDatetime,
    after: KnownBy = None,
) -> list[RuleChange]:
    """Return the dates on which the rules as known at `after` (default: now) differ from those known at `before`."""
    authorize(principal, Action.READ_POLICY, Scope(region, opd))
    await _require_registered(store, region, opd)
    old, new = [await snapshots.load_snapshot(store, region, instant) for instant in (before, after)]
    return diff_timelines(opd, old.timeline_of(opd), new.timeline_of(opd))


def opd_rules(snapshot: PolicySnapshot, opd: str) -> OpdRules:
    """Return the rules of an OPD by date."""
    periods = snapshot.effective().periods_of(opd)
    return OpdRules(periods=merge_adjacent(period for period, _ in periods), conflicts=conflicts(periods))


def instrument_states(snapshot: PolicySnapshot, day: date) -> list[InstrumentStates]:
    """Return every instrument with its states, in the order of recording."""
    ends = supersession_dates(snapshot.instruments)
    return [_states_of(history, ends.get(name, OPEN_END), day) for name, history in snapshot.instruments.items()]


def _states_of(history: InstrumentHistory, superseded_from: date, day: date) -> InstrumentStates:
    states = tuple(StateChange(state=state, from_=first) for first, state in state_changes(history, superseded_from))
    state = state_on(history, day, superseded_from)
    return InstrumentStates(state=state, states=states, instrument=history.instrument)


async def _load_profile(
    store: Store[State], snapshot: PolicySnapshot, opd: str, parameters: QueryParameters
) -> StaffProfile:
    subject = snapshots.SubjectQuery(parameters.date, parameters.unit, parameters.class_)
    try:
        profile = await snapshots.load_subject(store, snapshot.region, opd, subject, parameters.known_by)
    except snapshots.UnknownOpd as error:
        raise Problem("not-found") from error
    site = parameters.site and snapshot.canonical_site(parameters.site)
    position = _position_code(snapshot, parameters)
    return profile._replace(site=site or profile.site, position=position, job_type=parameters.job_type)


def _position_code(snapshot: PolicySnapshot, parameters: QueryParameters) -> str | None:
    try:
        return parameters.position and position_code(parameters.position, snapshot.region, snapshot.positions())
    except Invalid as invalid:
        raise Problem("invalid", errors=[query_error("position", invalid.errors[0])]) from invalid


async def _require_registered(store: Store[State], region: str, opd: str) -> None:
    if opd_state((await store.state(f"policy/{region}/{opd}"))[0]) is None:
        raise Problem("not-found")
