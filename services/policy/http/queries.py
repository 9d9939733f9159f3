"""What binds whom and why, over HTTP: effective, explain, timeline, diff; and what a dry run would change."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.policy import snapshots
from services.policy.domain.decider import State
from services.policy.domain.explanation.answer import Answer, answer
from services.policy.domain.explanation.reasons import Step
from services.policy.domain.instruments.lifecycle import NEVER, Course, segments, state_on, superseded
from services.policy.domain.read_models.impact import changes
from services.policy.domain.reference_data.positions import position
from services.policy.domain.resolution.conflicts import conflicts
from services.policy.domain.resolution.diff import Differing, differing
from services.policy.domain.resolution.merge import joined
from services.policy.domain.snapshot import Asked, PolicySnapshot
from shared.clock import Clock
from shared.domain.envelope import Event
from shared.domain.facts.base import Code, Day, Fact, Invalid, Region
from shared.domain.facts.policy import Conflict, Instrument, Period, Said
from shared.domain.facts.rules import Name
from shared.domain.regions import local_date
from shared.domain.work_location import Who
from shared.event_store.store import Store
from shared.identity import Action, Principal, Scope
from shared.web import principal, require
from shared.web.problem import Problem, in_query

Asker = Annotated[Principal, Depends(principal)]
KnownBy = Annotated[AwareDatetime | None, Query(description="as it was on record at this instant")]


class Subject(BaseModel):
    """Who is asked about, and when: a unit of the OPD, or a typical one of a class; a person in it, if one is meant."""

    model_config = ConfigDict(extra="forbid")

    date: Day
    unit: Code | None = None
    class_: Annotated[str | None, Field(alias="class", pattern=r"^(NON_SERVICE|MIXED|DIRECT|EMERGENCY_24X7)$")] = None
    position: Annotated[str | None, Field(min_length=1, max_length=60)] = None
    job_type: Name | None = None
    site: Code | None = None
    approved: bool = False
    known_by: AwareDatetime | None = None


class Explained(BaseModel):
    """An answer in words, and the chain of rules that led to it."""

    because: Said
    chain: tuple[Step, ...]


class StateFrom(BaseModel):
    """A state of an instrument and the date from which it is in it."""

    model_config = ConfigDict(serialize_by_alias=True)

    state: str
    from_: date = Field(serialization_alias="from")


class Listed(BaseModel):
    """An instrument on record, its state on the date asked for, and every state that it comes into."""

    state: str
    states: tuple[StateFrom, ...]
    instrument: Instrument


class Timeline(BaseModel):
    """The rules of an OPD by date, and what cannot both hold."""

    periods: tuple[Period, ...]
    conflicts: tuple[Conflict, ...]


def router(store: Store[State], now: Clock) -> APIRouter:
    """The questions below `/policy/v1/{region}`."""
    routes = APIRouter(prefix="/policy/v1/{region}")
    _answers(routes, store)
    _overviews(routes, store, now)
    return routes


def _answers(routes: APIRouter, store: Store[State]) -> None:
    async def asked(region: Region, opd: Code, about: Annotated[Subject, Query()], who: Asker) -> Answer:
        require(who, Action.READ_POLICY, Scope(region, opd))
        books = await snapshots.books(store, region, about.known_by)
        subject = await _subject(store, books, opd, about)
        return answer(books, Asked(opd, about.date, subject, about.approved))

    @routes.get("/opd/{opd}/effective", summary="Where somebody works on a date, and why")
    async def effective(found: Annotated[Answer, Depends(asked)]) -> Answer:
        return found

    @routes.get("/opd/{opd}/explain", summary="The chain of rules behind an answer, in words")
    async def explain(found: Annotated[Answer, Depends(asked)]) -> Explained:
        return Explained(because=found.because, chain=found.chain)


def _overviews(routes: APIRouter, store: Store[State], now: Clock) -> None:
    @routes.get("/instruments", summary="Every instrument on record with its states")
    async def instruments(region: Region, who: Asker, on: Day | None = None, known_by: KnownBy = None) -> list[Listed]:
        require(who, Action.READ_POLICY, Scope(region))
        books = await snapshots.books(store, region, known_by)
        return listed(books, on or local_date(now(), region))

    @routes.get("/opd/{opd}/timeline", summary="The rules of an OPD by date")
    async def timeline(region: Region, opd: Code, who: Asker, known_by: KnownBy = None) -> Timeline:
        require(who, Action.READ_POLICY, Scope(region, opd))
        await _registered(store, region, opd)
        return timeline_of(await snapshots.books(store, region, known_by), opd)

    @routes.get("/opd/{opd}/diff", summary="Which dates have other rules by what was recorded between two instants")
    async def diff(
        region: Region, opd: Code, who: Asker, before: AwareDatetime, after: KnownBy = None
    ) -> list[Differing]:
        require(who, Action.READ_POLICY, Scope(region, opd))
        await _registered(store, region, opd)
        was, now_ = [await snapshots.books(store, region, instant) for instant in (before, after)]
        return differing(opd, was.told(opd), now_.told(opd))


def timeline_of(books: PolicySnapshot, opd: str) -> Timeline:
    """The rules of an OPD by date. Pure."""
    found = books.effective().stretches(opd)
    return Timeline(periods=joined(period for period, _ in found), conflicts=conflicts(found))


def listed(books: PolicySnapshot, day: date) -> list[Listed]:
    """Every instrument of the books in the order of recording. Pure."""
    ends = superseded(books.courses)
    return [_listed(course, ends.get(name, NEVER), day) for name, course in books.courses.items()]


def _listed(course: Course, superseded_from: date, day: date) -> Listed:
    states = tuple(StateFrom(state=state, from_=first) for first, state in segments(course, superseded_from))
    return Listed(state=state_on(course, day, superseded_from), states=states, instrument=course.instrument)


async def _subject(store: Store[State], books: PolicySnapshot, opd: str, about: Subject) -> Who:
    try:
        asked = snapshots.Subject(about.date, about.unit, about.class_)
        found = await snapshots.who(store, books.region, opd, asked, about.known_by)
    except snapshots.UnknownOpd as unknown:
        raise Problem("not-found") from unknown
    site = about.site and books.site(about.site)
    return found._replace(site=site or found.site, position=_position(books, about), job_type=about.job_type)


def _position(books: PolicySnapshot, about: Subject) -> str | None:
    try:
        return about.position and position(about.position, books.region, books.positions())
    except Invalid as unknown:
        raise Problem("invalid", errors=[in_query("position", unknown)]) from unknown


async def _registered(store: Store[State], region: str, opd: str) -> None:
    if (await store.state(f"policy/{region}/{opd}"))[0].entry is None:
        raise Problem("not-found")


def previewing(store: Store[State]) -> Callable[[Sequence[Event]], Awaitable[Mapping[str, object]]]:
    """What a dry run of any command tells beside its events: every OPD-day that would have other rules."""

    async def previewed(events: Sequence[Event]) -> Mapping[str, object]:
        facts: dict[str, list[Fact]] = {}
        for event in events:
            facts.setdefault(event.subject, []).append(event.data)
        found = [each for name, told in facts.items() for each in changes((await store.state(name))[0], told)]
        return {"days": [each.model_dump(mode="json") for each in found]}

    return previewed
